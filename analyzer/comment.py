"""The comment on a pull request: what the change does, in one screen; the rest behind a fold.

Shape: GitHub-flavoured Markdown that GitLab reads too. The first line is a hidden marker by which the comment is found
again and updated in place. At most ``LIMIT`` characters: what does not fit is cut, and the comment says so.
Source: GitHub's limit of 65,536 characters a comment; Mermaid's of 500 edges and 50,000 characters a diagram.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.comparison import CallChange, Comparison, Growth
from analyzer.diagram import View
from analyzer.report import Report
from analyzer.reports.markdown import code, escaped, factors, finding_lines, link, path_lines
from analyzer.reports.mermaid import chart
from analyzer.reports.text.changes import example, summary
from parsers.quantities import ONCE

MARKER = "<!-- meshgain -->"
LIMIT = 65_536
_CHART, _ROOM = 20_000, 600
_ROWS = 5
_MORE = 40


@dataclass(frozen=True, slots=True)
class Links:
    """Where the picture and the whole report are, if anywhere."""

    picture: str | None = None
    run: str | None = None


NOWHERE = Links()


def marker(header: str = "") -> str:
    """The hidden first line; a header keeps several comments of one pull request apart."""
    plain = "".join(c for c in header if c.isalnum() or c in "-_. ")
    return f"<!-- meshgain {plain} -->" if plain else MARKER


def comment(found: Comparison, links: Links = NOWHERE, header: str = "", limit: int = LIMIT) -> str:
    """The whole comment."""
    head = [marker(header), f"### meshgain: {escaped(summary(found))}", ""]
    parts = ["\n".join(part) for part in _parts(found, links)]
    foot = _foot(links)
    room = limit - len("\n".join(head)) - len(foot) - _ROOM
    kept: list[str] = []
    for number, part in enumerate(parts):
        if len(part) + 2 > room:
            kept.append(f"_{len(parts) - number} more sections do not fit here; the whole report has them._")
            break
        kept.append(part)
        room -= len(part) + 2
    return "\n".join([*head, "\n\n".join(kept), "", foot]) + "\n"


def _parts(found: Comparison, links: Links) -> Iterator[list[str]]:
    if found.nothing:
        return
    if found.growth:
        yield list(_growth_table(found, found.growth[:_ROWS]))
    if found.policies:
        yield ["**Policies**", "", *_policies(found)]
    if found.opened:
        yield ["**Opened**", "", *path_lines(found.head, found.opened[:_ROWS])]
    if found.found:
        yield ["**New findings**", "", *finding_lines(found.found[:_ROWS])]
    if links.picture:
        yield [f"![the call graph after this change](<{links.picture}>)"]
    touched = found.touched()
    if touched:
        yield _chart(found.head, touched)
    yield from _folded(found)


def _growth_table(found: Comparison, rows: tuple[Growth, ...]) -> Iterator[str]:
    yield "| before | after | entry | target | factors |"
    yield "|---:|---:|---|---|---|"
    for growth in rows:
        report = found.head if growth.after else found.base
        names = (report.name(growth.entry), report.name(growth.target))
        cells = " | ".join(code(n).replace("|", "\\|") for n in names)
        why = factors(found.head, growth.after) if growth.after else "gone"
        after = f"**{growth.now}**" if growth.grew else str(growth.now)
        yield f"| {growth.was} | {after} | {cells} | {why} |"


def _policies(found: Comparison) -> Iterator[str]:
    """What policies let in now and did not before, with one example each."""
    words = {"opened": "lets in", "closed": "keeps out", "same": "changed, and means the same"}
    for change in found.policies[:_MORE]:
        name = found.head.short_names.get(change.service, change.service)
        told = f": {', '.join(code(r) for r in change.requests[:3])}" if change.requests else ""
        such = f", such as {code(example(change))}" if change.example else ""
        yield f"- {code(name)} {words[change.kind]}{told}{such}"


def _chart(report: Report, touched: frozenset[str]) -> list[str]:
    """The changed neighbourhood as Mermaid."""
    drawing = chart(report, View(only=touched), _CHART)
    return ["```mermaid", drawing.rstrip("\n"), "```"]


def _folded(found: Comparison) -> Iterator[list[str]]:
    more = found.growth[_ROWS:]
    if more:
        yield _details(f"{len(more)} more pairs change", list(_growth_table(found, more[:_MORE])), len(more))
    if found.calls:
        lines = [_call(found, c) for c in found.calls[:_MORE]]
        yield _details(f"{len(found.calls)} calls change", lines, len(found.calls))
    for title, report, paths in (
        ("more paths opened", found.head, found.opened[_ROWS:]),
        ("paths closed", found.base, found.closed),
    ):
        if paths:
            yield _details(f"{len(paths)} {title}", list(path_lines(report, paths[:_MORE])), len(paths))
    for title, findings in (("more new findings", found.found[_ROWS:]), ("findings fixed", found.fixed)):
        if findings:
            yield _details(f"{len(findings)} {title}", list(finding_lines(findings[:_MORE])), len(findings))


def _details(title: str, lines: list[str], total: int) -> list[str]:
    more = [f"… and {total - _MORE} more"] if total > _MORE else []
    return [f"<details><summary>{title}</summary>", "", *lines, *more, "", "</details>"]


def _call(found: Comparison, change: CallChange) -> str:
    report = found.head if change.after else found.base
    view = change.view
    names = f"{code(report.name(view.caller))} → {code(report.name(view.callee))}"
    told = change.kind
    if change.before and change.after:
        was, now = change.before, change.after
        told = f"×{was.gain.worst} → ×{now.gain.worst}" if was.gain.worst != now.gain.worst else "other layers"
        if change.kind == "decided":
            told = " → ".join(v.verdict.decision.value if v.verdict else "no policy" for v in (was, now))
    elif view.gain.worst > ONCE:
        told = f"{told}, ×{view.gain.worst}"
    return f"- {told}: {names} ({link(view.span)})"


def _foot(links: Links) -> str:
    parts = [f"[report and picture]({links.run})"] if links.run else []
    parts.append("numbers are requests for one request at the entry, in the worst case")
    return f"<sub>{'; '.join(parts)}</sub>"


def run_address(environment: Mapping[str, str]) -> str | None:
    """Where this run's artifacts are."""
    if environment.get("GITHUB_RUN_ID"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{environment['GITHUB_RUN_ID']}"
    return environment.get("CI_JOB_URL")
