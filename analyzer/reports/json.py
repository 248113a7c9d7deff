"""The JSON document ``meshgain/1``, as docs/schema/meshgain-1.json describes it."""

from __future__ import annotations

import json

from analyzer.report import Report
from analyzer.reports import Format, Page


def _render(report: Report, page: Page) -> str:  # noqa: ARG001  # every format takes a page
    return json.dumps(report.to_dict(), indent=1) + "\n"


JSON = Format("json", _render, (".json",))
