"""Fixes of manifests with one right answer, a rule each: what the finding's own page says to write.

Shape: each takes a finding and gives a ``Change``, or ``None`` where the answer is not certain; then the finding stays.
Source: the pages of the rules (docs/rules); istio/istio pkg/config/validation/agent/validation.go:940-998 (the webhook
does not trim ``retryOn``); istio/api networking/v1alpha3/virtual_service.proto (mirrorPercentage).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from analyzer.context import Context
from analyzer.factors import writes
from analyzer.findings import Finding
from analyzer.fixes.edits import Change, Edit, EditedTree
from analyzer.fixes.places import Why, edit, free, new_route, page_at, routes
from analyzer.fixes.yamltext import Page, Way
from parsers.facts.istio import DestinationRule
from parsers.yamltree import Node

Fixer = Callable[[Finding, Context, EditedTree], Change | None]

#: Since this release a path may hold ``{*}`` (istio/istio releasenotes, 1.22).
_TEMPLATES = (1, 22)
#: The most that the standards let a mirror copy, in per cent.
_MIRRORED = "10"


def _change(why: Why, edits: list[Edit | None]) -> Change | None:
    """All of the edits, or none."""
    found = tuple(e for e in edits if e is not None)
    return Change(why.rule, why.reason, found) if found and len(found) == len(edits) else None


# --------------------------------------------------------------------------------- RA003: retries in a DestinationRule


def _moved_retries(finding: Finding, context: Context, tree: EditedTree) -> Change | None:
    """The block goes to the routes of the host, as it is written."""
    rule = next((r for r in context.mesh.all(DestinationRule) if _top_retries(r) == finding.span), None)
    found = page_at(tree, finding.span)
    if rule is None or found is None or rule.policy is None or rule.policy.declared_retries is None:
        return None
    page, way = found
    block = page.block(way)
    if block is None or "*" in rule.host or rule.policy.declared_retries.invalid is not None:
        return None
    why = Why(finding.rule, f"retries of DestinationRule {rule.meta.ns}/{rule.meta.name} moved to a route")
    removed = edit(page, page.remove(way), why)
    service = context.mesh.service_for_host(rule.host, rule.meta.ns)
    known = list(routes(service, context.mesh)) if service is not None else []
    edits = [removed]
    for _, route in known:
        if route.retries is None:
            place = page_at(tree, route.span)
            edits.append(edit(place[0], place[0].add(place[1], block, _flow(block)), why) if place else None)
    if not known:
        if not free(rule.meta.name, rule.meta, context.mesh) or "spec" not in way:
            return None
        root = way[: way.index("spec")]
        new = new_route(page, root, (rule.meta.name, rule.host), service, block)
        edits.append(edit(page, page.append(tuple(new)), why))
    return _change(why, edits)


def _top_retries(rule: DestinationRule) -> object:
    declared = rule.policy.declared_retries if rule.policy is not None else None
    return declared.span if declared is not None else None


def _flow(block: tuple[str, ...]) -> str:
    """A block of one level between braces."""
    first, *rest = (line.split(" #")[0].strip() for line in block if not line.lstrip().startswith("#"))
    return first if not rest else f"{first} {{{', '.join(rest)}}}"


# -------------------------------------------------------------------------------------- PA007: a star inside of a path


def _templated_path(finding: Finding, context: Context, tree: EditedTree) -> Change | None:
    path = finding.subject.partition(" ")[2]
    new = template(path)
    found = page_at(tree, finding.span)
    if found is None or new is None or context.mesh.istio_version[:2] < _TEMPLATES:
        return None
    page, way = found
    why = Why(finding.rule, f"{path} is written as the template {new}")
    splices = [s for place in _texts(page, way, path) for s in page.replace(place, _quoted(page, place, new)) or ()]
    return _change(why, [edit(page, tuple(splices), why)])


def template(path: str) -> str | None:
    """The path as a template; ``None`` where a star is only part of a segment, which templates do not have."""
    first, *segments = path.split("/")
    if first or any("*" in s and s != "*" for s in segments) or "{" in path:
        return None
    last = len(segments) - 1
    return "/".join(
        ["", *("{**}" if s == "*" and i == last else "{*}" if s == "*" else s for i, s in enumerate(segments))]
    )


def _texts(page: Page, way: Way, text: str) -> Iterator[Way]:
    """Where the paths of an operation are that very text."""
    for key in ("paths", "notPaths"):
        node = page.node((*way, key))
        for i, item in enumerate(node.items() if node is not None and node.is_sequence else ()):
            if item.is_scalar and item.text(None) == text:
                yield (*way, key, i)


def _quoted(page: Page, way: Way, text: str) -> str:
    """With the quotes that are there; braces need some."""
    node = page.node(way)
    quote = page.written(node)[:1] if node else ""
    quote = quote if quote in ("'", '"') else '"'
    return f"{quote}{text}{quote}"


# --------------------------------------------------------------------------------------------------------- the others


def _renamed_outlier(finding: Finding, _context: Context, tree: EditedTree) -> Change | None:
    """TM014: the field's new name; where that is written as well, the dead one goes."""
    found = page_at(tree, finding.span)
    if found is None:
        return None
    page, way = found
    node = page.node(way)
    old, new = "consecutiveErrors", "consecutive5xxErrors"
    if node is None or not node.has(old):
        return None
    both = node.has(new) or node.has("consecutiveGatewayErrors")
    why = Why(finding.rule, f"{old} {'is dropped, as it was all along' if both else f'is written as {new}'}")
    return _change(why, [edit(page, page.remove((*way, old)) if both else page.rename((*way, old), new), why)])


def _smaller_mirror(finding: Finding, _context: Context, tree: EditedTree) -> Change | None:
    """TM009: a tenth of the requests."""
    found = page_at(tree, finding.span)
    if found is None:
        return None
    page, way = found
    why = Why(finding.rule, f"{_MIRRORED} % of the requests are mirrored")
    parent, key = (way[:-1], "mirrorPercentage") if way[-1] == "mirror" else (way, "percentage")
    node = page.node(parent)
    if node is None:
        return None
    if node.has("mirrorPercent") or node.has("mirror_percent"):
        return None  # deprecated, and what it means beside the newer field depends on the release
    if node.has(key):
        return _change(why, [edit(page, page.replace((*parent, key, "value"), _MIRRORED), why)])
    lines = (f"{key}:", f"  value: {_MIRRORED}.0")
    return _change(why, [edit(page, page.add(parent, lines, f"{key}: {{value: {_MIRRORED}.0}}"), why)])


def _without_blanks(finding: Finding, _context: Context, tree: EditedTree) -> Change | None:
    """CF001, where a blank in ``retryOn`` is why."""
    found = page_at(tree, finding.span)
    if found is None or "has a blank, which the webhook does not trim" not in finding.message:
        return None
    page, way = found
    written = _scalar(page.node((*way, "retryOn")), page)
    if written is None:
        return None
    value = ",".join(token.strip() for token in written.strip("'\"").split(","))
    why = Why(finding.rule, f"no blanks in retryOn: {value}")
    return _change(why, [edit(page, page.replace((*way, "retryOn"), _requoted(written, value)), why)])


def _covering_timeout(finding: Finding, context: Context, tree: EditedTree) -> Change | None:
    """RA008, where nothing is written twice when an attempt that was cut is sent again."""
    found = page_at(tree, finding.span)
    calls = [c for c in context.graph.calls if any(x.span == finding.span for x in c.layers)]
    if found is None or not calls or any(writes(c.callee) is not False for c in calls):
        return None
    page, way = found
    written = _scalar(page.node((*way, "retryOn")), page)
    if not written:
        return None
    value = f"{written.strip(chr(39) + chr(34))},gateway-error"
    why = Why(finding.rule, "gateway-error repeats an attempt that perTryTimeout cut; no call that it is for writes")
    return _change(why, [edit(page, page.replace((*way, "retryOn"), _requoted(written, value)), why)])


def _scalar(node: Node | None, page: Page) -> str | None:
    """What is written for a text on one line, with its quotes."""
    if not node or not node.is_scalar or node.span.line != node.span.end_line:
        return None
    return page.written(node)


def _requoted(written: str, value: str) -> str:
    quote = written[:1] if written[:1] in ("'", '"') else ""
    return f"{quote}{value}{quote}"


FIXERS: Mapping[str, Fixer] = {
    "CF001": _without_blanks,
    "PA007": _templated_path,
    "RA003": _moved_retries,
    "RA008": _covering_timeout,
    "TM009": _smaller_mirror,
    "TM014": _renamed_outlier,
}
