"""Reading whole trees: order, bounds, broken and hostile files."""

from __future__ import annotations

import random

import pytest

from parsers.diagnostics import Diagnostic
from parsers.facts.python import Call, Handler
from tests.parsers.python.outline import facts

APP = """
import requests
from flask import Flask
app = Flask(__name__)

def fetch(n):
    for attempt in range(3):
        try:
            return requests.get(f"http://c/{n}", timeout=2).json()
        except (requests.Timeout, requests.ConnectionError):
            continue
    return None

@app.route("/<n>")
def root(n):
    found = fetch(n)
    if found is None:
        return "", 503
    return found
"""


def test_two_readings_are_the_same() -> None:
    assert repr(facts({"a.py": APP, "b.py": APP})) == repr(facts({"b.py": APP, "a.py": APP}))


def test_a_file_that_does_not_parse_costs_only_itself() -> None:
    found = facts({"a.py": APP, "b.py": "import requests\nprint 'x'"})
    assert [f.code.id for f in found if isinstance(f, Diagnostic)] == ["P002"]
    assert any(isinstance(f, Handler) for f in found)


def test_deep_nesting_costs_only_itself() -> None:
    deep = "import requests\nx = " + "(" * 180 + "1" + ")" * 180 + "\n" + "y = " + "-" * 5000 + "1"
    found = facts({"a.py": APP, "b.py": deep})
    assert any(isinstance(f, Handler) for f in found)


def test_a_long_chain_of_branches_is_followed_or_told() -> None:
    arms = "".join(f"    elif x == {n}:\n        requests.get('http://a/{n}')\n" for n in range(400))
    source = (
        "import requests\nfrom flask import Flask\napp = Flask(__name__)\n@app.route('/')\ndef root():\n"
        f"    x = load()\n    if x == -1:\n        pass\n{arms}    return ''\n"
    )
    found = facts({"a.py": source})
    assert any(isinstance(f, Handler) for f in found)


def test_functions_that_call_each_other_many_times_are_bounded() -> None:
    layers = "".join(f"def f{n}():\n" + f"    f{n + 1}()\n" * 6 for n in range(12))
    source = (
        "import requests\nfrom flask import Flask\napp = Flask(__name__)\n"
        f"{layers}def f12():\n    requests.get('http://a/')\n@app.route('/')\ndef root():\n    f0()\n    return ''\n"
    )
    found = facts({"a.py": source})
    assert [f.code.id for f in found if isinstance(f, Diagnostic)] == ["P007"]
    assert any(isinstance(f, Call) for f in found)


def test_a_call_that_no_handler_reaches_is_told() -> None:
    source = "import requests\ndef unused():\n    requests.get('http://a/')"
    assert [f.symbol for f in facts({"a.py": source}) if isinstance(f, Call)] == ["a.unused"]


@pytest.mark.parametrize("seed", range(3))
def test_one_character_changes_never_raise(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(40):
        at = pick.randrange(len(APP))
        changed = APP[:at] + pick.choice("()[]{}:=,.'\"\\ \nax0") + APP[at + 1 :]
        assert facts({"a.py": changed}) is not None
