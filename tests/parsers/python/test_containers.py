"""Containers that other code fills: what is written is not all that they hold when a request comes."""

from __future__ import annotations

import pytest

from parsers.facts.python import Call, Handler, Send
from parsers.python.flow.tidy import walk
from parsers.python.reading import read_python
from parsers.source import MemoryTree

SERVICE = """
import requests
from flask import Flask, abort

app = Flask(__name__)
{before}

@app.get("/orders/<oid>")
def order(oid):
    {test}
        abort(404)
    return requests.get("http://stock/levels", timeout=5).json()


@app.post("/orders")
def create():
    {fill}
    return "", 201
"""


def _sends(before: str, test: str, fill: str) -> int:
    tree = MemoryTree({"app.py": SERVICE.format(before=before, test=test, fill=fill)})
    handlers = [f for f in read_python(tree) if isinstance(f, Handler) and f.method == "GET"]
    return sum(isinstance(step, Send) for h in handlers for step in walk(h.body))


@pytest.mark.parametrize(
    ("before", "test", "fill"),
    [
        ("ORDERS = {}", "if ORDERS.get(oid) is None:", 'ORDERS["x"] = 1'),
        ("ORDERS = dict()", "if oid not in ORDERS:", "ORDERS.update(x=1)"),
        ("ORDERS = []", "if not ORDERS:", "ORDERS.append(1)"),
        ('ORDERS = {"first": 1}', 'if ORDERS.get("x") is None:', 'ORDERS["x"] = 1'),
        ("ORDERS = set()", 'if "x" not in ORDERS:', 'ORDERS.add("x")'),
        (
            "class Store:\n    def __init__(self):\n        self.rows = {}\n\nSTORE = Store()",
            "if STORE.rows.get(oid) is None:",
            'STORE.rows["x"] = 1',
        ),
    ],
)
def test_a_call_behind_a_look_into_a_container_that_is_filled_later_is_made(before: str, test: str, fill: str) -> None:
    assert _sends(before, test, fill) == 1


def test_a_table_that_nobody_fills_is_what_it_says() -> None:
    assert _sends('FLAGS = {"on": True}', 'if FLAGS.get("off") is None:', "pass") == 0


def test_a_table_of_addresses_is_still_read() -> None:
    source = SERVICE.format(before='URLS = {"a": "http://stock"}', test="if not oid:", fill="pass").replace(
        '"http://stock/levels"', 'URLS["a"] + "/levels"'
    )
    calls = [f for f in read_python(MemoryTree({"app.py": source})) if isinstance(f, Call)]
    assert [c.url for c in calls] == [(("http://stock/levels",),)]
