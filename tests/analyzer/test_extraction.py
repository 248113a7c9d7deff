"""``facts`` lines: stable keys, whatever is inside."""

from __future__ import annotations

import json

import pytest

from analyzer.extraction import kinds, lines, template
from parsers.facts.python import EnvVar, Hole
from parsers.reading import Scope, read
from parsers.source import MemoryTree

CODE = """
import os
import requests
from flask import Flask
from tenacity import retry, stop_after_attempt

app = Flask(__name__)

@retry(stop=stop_after_attempt(int(os.environ["TRIES"])))
def fetch(user):
    return requests.get(f"http://{os.environ.get('USERS', 'users')}/u/{user}", timeout=2)

@app.get("/page/<user>")
def page(user):
    return fetch(user).text
"""


def rows(code: str = CODE, kind: str | None = None) -> list[dict[str, object]]:
    facts = read(MemoryTree({"app.py": code}), Scope(everything=True)).facts
    return [json.loads(json.dumps(row)) for row in lines(facts, kind)]


def test_a_retry_line_has_the_promised_keys() -> None:
    (found,) = rows(kind="retry")
    assert {"kind", "idiom", "path", "line", "attempts", "default_attempts", "retries_on", "symbol"} <= set(found)
    assert (found["idiom"], found["path"], found["line"], found["symbol"]) == (
        "tenacity.retry",
        "app.py",
        9,
        "app.fetch",
    )
    assert found["attempts"] == "dynamic"


def test_attempts_are_a_number_where_they_are_written() -> None:
    code = CODE.replace('int(os.environ["TRIES"])', "7")
    assert [r["attempts"] for r in rows(code, "retry")] == [7]


def test_a_bare_retry_has_no_bound() -> None:
    code = CODE.replace('@retry(stop=stop_after_attempt(int(os.environ["TRIES"])))', "@retry")
    assert [r["attempts"] for r in rows(code, "retry")] == ["inf"]


def test_a_call_line_has_the_promised_keys() -> None:
    (found,) = rows(kind="call")
    assert {"kind", "client", "protocol", "method", "url", "path", "line", "symbol"} <= set(found)
    assert (found["client"], found["method"], found["line"]) == ("requests", "GET", 11)
    assert found["url"] == "http://${USERS:-users}/u/{user}"


def test_a_handler_line_has_the_promised_keys() -> None:
    (found,) = rows(kind="handler")
    assert {"kind", "framework", "method", "route", "path", "line", "symbol"} <= set(found)
    assert (found["framework"], found["method"], found["route"]) == ("flask", "GET", "/page/<user>")


def test_what_lies_inside_a_handler_is_told_once() -> None:
    found = [(r["kind"], r["line"]) for r in rows()]
    assert len(found) == len(set(found))


def test_lines_are_in_the_order_of_the_files() -> None:
    found = [(str(r["path"]), int(str(r["line"]))) for r in rows()]
    assert found == sorted(found)


def test_facts_of_manifests_are_lines_too() -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n    - port: 80\n"
    facts = read(MemoryTree({"a.yaml": text})).facts
    assert kinds(facts) == ("service",)
    (row,) = lines(facts)
    assert json.loads(json.dumps(row))["fact"]["ports"][0]["port"] == 80


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("a",), "a"),
        ((EnvVar("X", None),), "${X}"),
        ((EnvVar("X", ("b", Hole("c"))), "/"), "${X:-b{c}}/"),
    ],
)
def test_a_text_known_in_part_is_written_so_that_it_can_be_read(parts: object, text: str) -> None:
    assert template(parts) == text  # type: ignore[arg-type]
