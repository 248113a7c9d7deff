"""A repository with Linkerd from its files to its numbers: code and proxy multiply, budgets bound the long run."""

from __future__ import annotations

from analyzer.options import Options
from analyzer.pipeline import analyze
from parsers.source import MemoryTree
from tests.analyzer.semantics.linkerd.shop import app, namespace, resource

WEB = """
import requests
from flask import Flask
from tenacity import retry, stop_after_attempt

app = Flask(__name__)


@retry(stop=stop_after_attempt(3))
def ask():
    answer = requests.get("http://c.shop:8080/stock", timeout=5)
    answer.raise_for_status()
    return answer.json()


@app.get("/")
def index():
    return ask()
"""
STOCK = """
from flask import Flask

app = Flask(__name__)


@app.get("/stock")
def stock():
    return {}
"""


def report(*more: str, service: str = "") -> dict[str, object]:
    docs = "\n---\n".join((namespace(), app("a"), app("c", service=service), *more))
    tree = MemoryTree({"deploy/a.yaml": docs, "a/app.py": WEB, "c/app.py": STOCK})
    return analyze(tree, Options(entries=("shop/a GET /",))).to_dict()


def amplification(found: dict[str, object]) -> dict[str, object]:
    rows = found["amplification"]
    assert isinstance(rows, list)
    (row,) = [r for r in rows if r["target"]["service"] == "shop/c"]
    assert isinstance(row, dict)
    return row


def test_the_code_multiplies_what_the_proxy_repeats() -> None:
    assert amplification(report())["worst"] == 3
    annotated = amplification(report(service="retry.linkerd.io/http: 5xx, retry.linkerd.io/limit: '3'"))
    assert annotated["worst"] == 12


def test_a_profile_is_told_as_a_burst_and_in_the_long_run() -> None:
    profile = resource(
        "ServiceProfile",
        "{routes: [{name: all, condition: {pathRegex: '.*'}, isRetryable: true}]}",
        "c.shop.svc.cluster.local",
        "linkerd.io/v1alpha2",
    )
    row = amplification(report(profile))
    assert (row["worst"], row["sustained"]) == (303, 4)


def test_services_say_that_they_are_in_linkerd() -> None:
    services = report()["services"]
    assert isinstance(services, list)
    assert {s["mesh"]["kind"] for s in services if s["id"].startswith("shop/")} == {"linkerd"}
