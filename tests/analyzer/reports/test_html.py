"""The page: nothing from a repository becomes markup, nothing is loaded, and the script runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analyzer.report import Report
from analyzer.reports import Page, load
from tests.analyzer.reports.hostile import hostile
from tests.analyzer.showcase import shop, system

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def page(report: Report) -> str:
    return load("html").render(report, Page(title="a <b> title"))


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def embedded(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert isinstance(data, dict)
    return data


def test_hostile_names_add_no_element_and_no_handler() -> None:
    plain, evil = Elements(page(shop())).found, Elements(page(hostile())).found
    assert {t for t, _ in evil} == {t for t, _ in plain}
    assert len([t for t, _ in evil if t == "script"]) == 2
    assert not [a for t, attributes in evil for a in attributes if a.startswith("on") and t != "form"]


def test_the_page_loads_nothing_and_may_not() -> None:
    found = Elements(page(shop())).found
    assert not [a for _, attributes in found for a in ("src", "href") if a in attributes and attributes[a] != "#tables"]
    policy = next(a["content"] for t, a in found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_every_service_and_call_can_be_reached_by_keyboard_and_is_named() -> None:
    things = [a for t, a in Elements(page(shop())).found if t == "g" and ("data-box" in a or "data-line" in a)]
    assert len(things) >= 20
    assert all(a["tabindex"] == "0" and a["role"] == "button" and a["aria-label"] for a in things)


def test_every_control_has_a_label() -> None:
    text = page(shop())
    for tag, attributes in Elements(text).found:
        if tag in {"select", "input"}:
            assert re.search(rf'<label[^>]*>[^<]*(<[^>]*)?id="{attributes["id"]}"', text), attributes


def test_the_tables_hold_what_the_picture_shows() -> None:
    text = page(shop())
    assert "<b>144</b>" in text
    assert "services/payment-service/payments/ledger.py:14" in text


def test_the_script_knows_every_layer_and_number() -> None:
    data = embedded(page(shop()))
    calls = data["calls"]
    assert isinstance(calls, list)
    assert calls[2]["layers"][1]["where"] == "deploy/istio/payment-service.yaml:13"
    assert calls[2]["causes"] == {"503": 12, "connect-failure": 1}


def test_a_finding_knows_the_calls_it_is_about() -> None:
    findings = embedded(page(shop()))["findings"]
    assert isinstance(findings, list)
    assert next(f for f in findings if f["rule"] == "RA001")["calls"]


def test_three_hundred_services_are_all_on_the_page() -> None:
    things = [a for t, a in Elements(page(system(300))).found if t == "g" and "data-box" in a]
    assert len(things) == len({e.service for c in system(300).calls for e in (c.caller, c.callee)})


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("report", [shop(), hostile()], ids=["shop", "hostile"])
def test_the_script_runs_in_a_browser(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    probe = "<script>addEventListener('error', e => document.title = 'BROKEN ' + e.message)</script>"
    policy_off = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', probe, page(report))
    file.write_text(policy_off, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [str(CHROMIUM), *options, file.as_uri()], capture_output=True, text=True, timeout=60, check=False
    )
    assert "<title>BROKEN" not in done.stdout
    boxes = re.findall(r'<g class="box[^>]*data-heat="\d"', done.stdout)
    assert len(boxes) == len({e.service for c in report.calls for e in (c.caller, c.callee)}) + 1
