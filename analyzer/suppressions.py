"""Findings that the team has looked at and accepted: in the configuration, beside the line, or on the object.

A suppression needs a reason, and one that hides nothing is a finding itself, so that none outlives its cause.
``# meshgain: ignore RA001 -- reason`` on the line of a finding or of its evidence, or on the line above, in YAML and
Python; ``meshgain.dev/ignore: "RA001: reason"`` among an object's annotations counts for the whole document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from analyzer.findings import Confidence, Finding, Severity
from parsers.source import SourceFile, Span

#: The rule under which an unused or unreasoned suppression is reported.
UNUSED = "MG001"
UNREASONED = "MG002"

_COMMENT = re.compile(r"#\s*meshgain:\s*ignore\s+(?P<rules>[A-Z]{2}\d{3}(?:\s*,\s*[A-Z]{2}\d{3})*)\s*(?P<rest>.*)$")
_ANNOTATION = re.compile(r"^\s*[\"']?meshgain\.dev/ignore[\"']?\s*:\s*(?P<value>.+?)\s*$")
_ENTRY = re.compile(r"(?P<rule>[A-Z]{2}\d{3})\s*:?\s*(?P<reason>[^;]*)")
MARK = b"meshgain"


@dataclass(frozen=True, slots=True, order=True)
class Suppression:
    """One accepted finding, or a family of them.

    ``path`` is a glob over the finding's file, ``match`` a piece of its message. ``first`` and ``last`` bound the lines
    that a comment or an annotation covers; 0 for those of the configuration.
    """

    rule: str
    reason: str
    span: Span
    path: str = "*"
    match: str = ""
    first: int = 0
    last: int = 0

    def hides(self, finding: Finding) -> bool:
        """True where the finding, or for a comment one of its lines of evidence, is what is meant."""
        if self.rule not in (finding.rule, "*") or self.match not in finding.message:
            return False
        spans = (finding.span, *(e.span for e in finding.evidence if e.span and self.first))
        return any(fnmatchcase(s.path, self.path) and self._covers(s) for s in spans)

    def _covers(self, span: Span) -> bool:
        return not self.first or (span.line <= self.last and span.end_line >= self.first)


def written(file: SourceFile) -> Iterator[Suppression]:
    """Suppressions that a file holds itself."""
    lines = file.text.splitlines()
    for number, line in enumerate(lines, 1):
        where = Span(file.path, number, 1, number, len(line) + 1)
        if found := _COMMENT.search(line):
            reason = found["rest"].lstrip("-:—– ").strip()
            last = number if line[: found.start()].strip() else number + 1
            for rule in re.split(r"\s*,\s*", found["rules"]):
                yield Suppression(rule, reason, where, _literal(file.path), "", number, last)
        elif found := _ANNOTATION.match(line):
            first, end = _document(lines, number)
            for entry in _ENTRY.finditer(found["value"].strip("\"'")):
                yield Suppression(entry["rule"], entry["reason"].strip(), where, _literal(file.path), "", first, end)


def _literal(path: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", path)


def _document(lines: list[str], number: int) -> tuple[int, int]:
    """First and last line of the YAML document around a line."""
    breaks = [n for n, line in enumerate(lines, 1) if line.startswith("---")]
    first = max((n for n in breaks if n <= number), default=1)
    last = min((n for n in breaks if n > number), default=len(lines) + 1)
    return first, last


def suppress(findings: Iterable[Finding], suppressions: Iterable[Suppression]) -> tuple[Finding, ...]:
    """What is left, and a finding for each suppression without a reason or without a use."""
    known = tuple(dict.fromkeys(suppressions))
    valid = [s for s in known if s.reason]
    used: set[Suppression] = set()
    left: list[Finding] = []
    for finding in findings:
        hiding = [s for s in valid if s.hides(finding)]
        used.update(hiding)
        if not hiding:
            left.append(finding)
    left += [_unused(s) for s in valid if s not in used]
    left += [_unreasoned(s) for s in known if not s.reason]
    return tuple(sorted(left, key=lambda f: f.sort_key))


def _unused(suppression: Suppression) -> Finding:
    message = f"this suppression of {suppression.rule} hides nothing any more; remove it"
    return Finding(UNUSED, Severity.WARNING, Confidence.HIGH, message, suppression.span, (), suppression.rule)


def _unreasoned(suppression: Suppression) -> Finding:
    message = f"this suppression of {suppression.rule} gives no reason, so it does not count"
    return Finding(UNREASONED, Severity.WARNING, Confidence.HIGH, message, suppression.span, (), suppression.rule)


def lower(findings: Iterable[Finding], levels: Iterable[tuple[str, str]]) -> tuple[Finding, ...]:
    """Findings at the severities that the configuration gives their rules; ``off`` drops them."""
    wanted = dict(levels)
    kept: list[Finding] = []
    for finding in findings:
        level = wanted.get(finding.rule)
        if level is None:
            kept.append(finding)
        elif level != "off":
            kept.append(replace(finding, severity=Severity[level.upper()]))
    return tuple(kept)
