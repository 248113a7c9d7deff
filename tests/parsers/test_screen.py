"""What is screened out, and that nothing that matters is."""

from __future__ import annotations

import pytest

from parsers.screen import is_test, python_matters, yaml_matters


@pytest.mark.parametrize(
    "path", ["tests/a.py", "src/x/test/a.yaml", "a/test_b.py", "b_test.py", "a/conftest.py", "a/testdata/x.yaml"]
)
def test_what_tests_the_system_is_no_part_of_it(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path",
    ["test-service/app.py", "latest/a.py", "contest.py", "src/test.py", "services/testing-lab/x.yaml", "attest_b/c.py"],
)
def test_names_that_only_look_like_tests_are_services(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    "code",
    [
        "import requests",
        "import os, requests as r",
        "from urllib.request import urlopen",
        "    import httpx",
        "from a import (\n b)\nimport grpc",
        "@retry_on_failure(3)\ndef f(): ...",
        "for attempt in range(3):\n    call()",
        "while True:\n  try: f()\n  except E: pass",
        "def f(n):\n  try: g()\n  except E: return f(n - 1)",
        "async def f():\n  async for x in y:\n    try: g()\n    except* E: pass",
    ],
)
def test_code_that_may_send_or_repeat_matters(code: str) -> None:
    assert python_matters(code.encode())


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x = 1\n",
        "import os, sys\nfor x in y:\n    print(x)\n",
        "try:\n    import json\nexcept ImportError:\n    json = None\n",
        "@dataclass\nclass A:\n    @property\n    def b(self): ...\n    @b.setter\n    def b(self, x): ...\n",
        "# requests are not imported, except in words; while we wait\n",
        "requests_made = 1\n",
    ],
)
def test_code_that_cannot_is_screened_out(code: str) -> None:
    assert not python_matters(code.encode())


@pytest.mark.parametrize("text", ["kind: A", '{"kind":"A"}', "  'kind' : A", "- kind:\tA"])
def test_a_manifest_states_a_kind(text: str) -> None:
    assert yaml_matters(text.encode())


def test_what_states_no_kind_is_no_manifest() -> None:
    assert not yaml_matters(b"a: 1\nmankind: x\n")
