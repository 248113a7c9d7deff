"""Edits in Python sources: one retry changes, every other byte stays."""

from __future__ import annotations

import ast

import pytest

from analyzer.fixes.pythontext import lowered, switched_off, without_unused
from parsers.source import Span

TEXT = '''\
"""Doc."""
import requests
from tenacity import retry, stop_after_attempt  # why


@trace
# about the retry
@retry(stop=stop_after_attempt(5),
       reraise=True)
def send( x ):   # odd
    return requests.get("http://a/", timeout = 3)


session.mount("http://", HTTPAdapter(pool_maxsize=4, max_retries=policy))
client = httpx.Client(transport=httpx.HTTPTransport( retries = 3 ))
'''


def _at(text: str, what: str) -> Span:
    offset = text.index(what)
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return Span("a.py", line, column, line, column + len(what))


def test_a_decorator_goes_and_its_comment_stays() -> None:
    after = switched_off(TEXT, _at(TEXT, "retry(stop"))
    assert after == TEXT.replace("@retry(stop=stop_after_attempt(5),\n       reraise=True)\n", "")


def test_a_bare_decorator_goes() -> None:
    text = "@resilient\n@other\ndef f():\n    pass\n"
    assert switched_off(text, _at(text, "resilient")) == "@other\ndef f():\n    pass\n"


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [("HTTPAdapter(", "max_retries=policy", "max_retries=0"), ("httpx.HTTPTransport(", "retries = 3", "retries = 0")],
)
def test_a_client_that_counts_retries_gets_none(place: str, old: str, new: str) -> None:
    assert switched_off(TEXT, _at(TEXT, place)) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("decorator", "after"),
    [
        ("tenacity.retry(stop=stop_after_attempt(5))", "tenacity.retry(stop=stop_after_attempt(2))"),
        ("backoff.on_exception(backoff.expo, E, max_tries=5)", "backoff.on_exception(backoff.expo, E, max_tries=2)"),
        ("stamina.retry(on=E, attempts=5)", "stamina.retry(on=E, attempts=2)"),
    ],
)
def test_a_count_is_made_smaller_where_it_stands(decorator: str, after: str) -> None:
    text = f"@{decorator}\ndef f(): ...\n"
    assert lowered(text, _at(text, decorator), 2) == f"@{after}\ndef f(): ...\n"


def test_a_retrying_object_is_left_one_attempt() -> None:
    text = "for attempt in Retrying(stop=stop_after_attempt(3)):\n    pass\n"
    assert switched_off(text, _at(text, "Retrying(")) == text.replace("(3)", "(1)")


@pytest.mark.parametrize("what", ["requests.get(", "send"])
def test_what_is_no_retry_is_not_touched(what: str) -> None:
    assert switched_off(TEXT, _at(TEXT, what)) is None


def test_a_count_that_stands_elsewhere_is_not_touched() -> None:
    assert lowered("@resilient\ndef f(): ...\n", _at("@resilient", "resilient"), 2) is None


@pytest.mark.parametrize(
    "text",
    [
        "def (",
        "x = '\0'",
        "(" * 5000,
        "x = " + "-" * 100_000 + "1",
        "a" + ".b" * 50_000,
        "x = 1\n" * 200_000,
        "[" * 140 + "]" * 140,
    ],
)
def test_what_would_end_libcst_is_refused_before_it(text: str) -> None:
    assert switched_off(text, Span("a.py", 1, 1, 1, 2)) is None


def test_an_import_goes_once_nothing_uses_it() -> None:
    before = "from tenacity import retry, stop\nimport a\n\n@retry(stop)\ndef f(): ...\n"
    assert without_unused(before, before.replace("@retry(stop)\n", "")) == "import a\n\ndef f(): ...\n"


def test_an_import_that_something_else_uses_stays() -> None:
    before = "from tenacity import retry, stop\n\n@retry(stop)\ndef f(): ...\n\nother = retry()\n"
    after = without_unused(before, before.replace("@retry(stop)\n", ""))
    assert after.startswith("from tenacity import retry\n")


@pytest.mark.parametrize("more", ["__all__ = ['f']\n", "# retry is imported from here by others\n", "x = 'retry'\n"])
def test_an_import_that_may_be_meant_for_others_stays(more: str) -> None:
    before = "from tenacity import retry\n" + more + "@retry\ndef f(): ...\n"
    after = before.replace("@retry\n", "")
    assert without_unused(before, after) == after


def test_what_comes_out_is_python() -> None:
    for what in ("retry(stop", "HTTPAdapter(", "httpx.HTTPTransport("):
        after = switched_off(TEXT, _at(TEXT, what))
        assert after is not None
        ast.parse(after)
