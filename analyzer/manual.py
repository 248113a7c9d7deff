"""The rules as people look them up: an index, and a page each from the rule module's docstring."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import analyzer.rules
from analyzer.findings import Severity
from analyzer.naming import NamingError
from analyzer.report import RuleView
from analyzer.rules import Rule
from analyzer.suppressions import UNREASONED, UNUSED


@dataclass(frozen=True, slots=True)
class Page:
    """One rule's page."""

    id: str
    slug: str
    severity: str
    summary: str
    text: str


@cache
def pages() -> Mapping[str, Page]:
    """Every rule's page by id, in order."""
    found: dict[str, Page] = {
        UNUSED: Page(UNUSED, "unused-suppression", "warning", "a suppression that hides nothing any more", _UNUSED),
        UNREASONED: Page(UNREASONED, "no-reason", "warning", "a suppression without a reason", _UNREASONED),
    }
    for module in pkgutil.iter_modules(analyzer.rules.__path__):
        if not module.name.startswith("_"):
            loaded = importlib.import_module(f"analyzer.rules.{module.name}")
            for value in vars(loaded).values():
                if isinstance(value, Rule):
                    found[value.id] = _page(value, inspect.getdoc(loaded) or "")
    return dict(sorted(found.items()))


def _page(rule: Rule, text: str) -> Page:
    first, _, rest = text.partition("\n")
    summary = first.removeprefix(f"{rule.id}:").strip().rstrip(".").replace("``", "`")
    return Page(rule.id, rule.slug, rule.severity.name.lower(), summary, rest.strip())


def views() -> tuple[RuleView, ...]:
    """Every rule as a report lists it."""
    return tuple(RuleView(p.id, p.slug, Severity[p.severity.upper()], p.summary, p.text) for p in pages().values())


def index() -> str:
    """One line a rule."""
    return "".join(f"{p.id}  {p.severity:<8} {p.slug:<28} {p.summary}\n" for p in pages().values())


def page(name: str) -> str:
    """The page of the rule with that id or slug."""
    for found in pages().values():
        if name.lower() in (found.id.lower(), found.slug):
            return f"{found.id}: {found.summary}\n{found.severity}, {found.slug}\n\n{found.text}\n"
    raise NamingError(f"no rule is called {name!r}; 'meshgain rules' lists them")


_UNUSED = """The finding that it accepted is gone. Left in place, it would silently accept the next one.

Fix: remove the suppression."""

_UNREASONED = """A suppression counts only with a reason, so that the next reader can judge whether it still holds.

Fix: write the reason behind the rule: ``# meshgain: ignore RA001 -- the queue behind it deduplicates``."""
