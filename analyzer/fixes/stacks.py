"""One layer a call: of several that multiply, the one nearest to the failure stays (RA002)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analyzer.factors import firing
from analyzer.fixes.edits import Change, EditedTree
from analyzer.fixes.knobs import Knob, knob, turned

if TYPE_CHECKING:
    from analyzer.pipeline import Study


def stacked(study: Study, tree: EditedTree, rule: str) -> Iterator[Change]:
    """Turn off every layer but the innermost of each call that a finding names."""
    wanted = {f.subject for f in study.report.findings if f.rule == rule}
    done: set[Knob] = set()
    for call in study.graph.calls:
        if f"{call.caller}->{call.callee}" not in wanted or call.mirror:
            continue
        facts = study.graph.system.calls[call.wire.id]
        for layer, _ in firing(call, study.graph)[:-1]:
            one = knob(layer, facts)
            change = turned(one, 1, tree, study.mesh, rule) if one is not None and one not in done else None
            if one is not None and change is not None:
                done.add(one)
                yield change
