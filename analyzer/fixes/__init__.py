"""Patches: for findings with one right answer, and the fewest edits that bring every chain under a limit.

Every proposal is analysed again before it is shown: what reads worse than before is left out, and the numbers are
those of the edited tree, not of a model.
Shape: ``fix`` is pure; the caller writes.
Errors: none; what cannot be fixed is in ``Fixed.beyond``, with the number that stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.fixes import pythontext
from analyzer.fixes.edits import Change, EditedTree, compatible, diff
from analyzer.fixes.knobs import Knob, knob, possible, turned
from analyzer.fixes.manifests import FIXERS
from analyzer.fixes.model import Ends, Model, ends
from analyzer.fixes.solver import solve
from analyzer.fixes.stacks import stacked
from parsers.quantities import ZERO, Count
from parsers.source import Tree

if TYPE_CHECKING:
    from analyzer.amplification import Pair
    from analyzer.model import Operation
    from analyzer.options import Options
    from analyzer.pipeline import Study
    from analyzer.suppressions import Suppression

#: The rule whose limit the solver keeps, and the one that asks for one layer a call.
LIMIT_RULE = "RA001"
STACKED = "RA002"
#: Rules that are fixed without being asked for; one layer a call is more than a limit needs.
DEFAULT = frozenset({*FIXERS, LIMIT_RULE})
RULES = frozenset({*DEFAULT, STACKED})
#: An edit may make another one possible; more rounds than this mean that two of them undo each other.
ROUNDS = 12

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A pair before and after."""

    entry: Operation
    target: Operation
    before: Count
    after: Count
    limit: Count

    def to_dict(self) -> dict[str, object]:
        return {
            "entry": self.entry.to_dict(),
            "target": self.target.to_dict(),
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "limit": self.limit.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is proposed. ``files`` holds the new text of each file that changes."""

    changes: tuple[Change, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    patch: str = ""
    outcomes: tuple[Outcome, ...] = ()
    beyond: tuple[Outcome, ...] = ()
    refused: tuple[Change, ...] = ()
    exact: bool = True
    understood: bool = True

    def to_dict(self) -> dict[str, object]:
        return {
            "schema": "meshgain-fix/1",
            "changes": [c.to_dict() for c in self.changes],
            "left_out": [c.to_dict() for c in self.refused],
            "amplification": [o.to_dict() for o in self.outcomes],
            "not_reached": [o.to_dict() for o in self.beyond],
            "smallest": self.exact,
            "patch": self.patch,
        }


@dataclass
class _Work:
    """The tree as edited so far, its analysis, and what was decided."""

    tree: EditedTree
    options: Options
    suppressions: tuple[Suppression, ...]
    rules: frozenset[str]
    tell: Tell
    study: Study
    changes: list[Change] = field(default_factory=list)
    refused: list[Change] = field(default_factory=list)
    exact: bool = True

    def analyse(self, tree: Tree, *, judged: bool = True) -> Study:
        from analyzer.pipeline import study

        return study(tree, self.options, self.suppressions, self.tell, judged=judged)

    def take(self, changes: Iterable[Change]) -> bool:
        """Make those that touch one another in no way, and keep them if everything still reads."""
        known = {(c.rule, c.reason) for c in self.refused}
        chosen = [c for c in compatible(changes) if (c.rule, c.reason) not in known]
        tree = self.tree.having(e for c in chosen for e in c.edits)
        if not chosen or tree.edited == self.tree.edited:
            return False
        after = self.analyse(tree)
        if unreadable(self.study, after) or (_lowering(chosen) and not lower(self.study, after)):
            return self._one_by_one(chosen)
        self.tree, self.study = tree, after
        self.changes += chosen
        return True

    def _one_by_one(self, chosen: list[Change]) -> bool:
        if len(chosen) == 1:
            self.refused += chosen
            return True
        return self.take(chosen[:1])  # the others come again in the next round


def unreadable(before: Study, after: Study) -> bool:
    """Whether an edit left something that reads worse: more diagnostics of any kind."""
    known, now = (Counter(d.code for d in s.report.diagnostics) for s in (before, after))
    return any(n > known[code] for code, n in now.items())


def lower(before: Study, after: Study) -> bool:
    """Whether some pair became smaller, and none larger."""
    known = {ends(p): p.worst for p in before.amplification.pairs}
    now = {ends(p): p.worst for p in after.amplification.pairs}
    return any(now.get(e, ZERO) < n for e, n in known.items()) and all(n <= known.get(e, ZERO) for e, n in now.items())


def _lowering(changes: Iterable[Change]) -> bool:
    """Whether all that is meant is fewer requests; a refused object that comes into force may well make more."""
    return all(c.rule in (LIMIT_RULE, STACKED) for c in changes)


def fix(
    tree: Tree,
    options: Options,
    suppressions: Iterable[Suppression] = (),
    rules: frozenset[str] = DEFAULT,
    tell: Tell = lambda _: None,
) -> Fixed:
    """The edits for these rules, made one after the other on a copy, and what they come to."""
    from analyzer.pipeline import study

    start = EditedTree(tree, {})
    accepted = tuple(suppressions)
    first = study(start, options, accepted, tell)
    work = _Work(start, options, accepted, rules, tell, first)
    for _ in range(ROUNDS):
        if not work.take(_findings(work)):
            break
    if STACKED in rules:
        for _ in range(ROUNDS):
            if not work.take(stacked(work.study, work.tree, STACKED)):
                break
    if LIMIT_RULE in rules:
        for _ in range(ROUNDS):
            if not work.take(_solved(work)):
                break
    return _told(first, work)


def _findings(work: _Work) -> list[Change]:
    from analyzer.context import Context

    s = work.study
    context = Context(s.mesh, s.graph, s.amplification, s.reachability, s.options, {})
    found = (
        FIXERS[f.rule](f, context, work.tree) for f in s.report.findings if f.rule in FIXERS and f.rule in work.rules
    )
    return [c for c in found if c is not None]


def limit_of(options: Options, pair: Pair) -> Count:
    """What RA001 holds a pair against."""
    from analyzer.rules.retry_amplification import LIMIT

    return Count(options.limit(str(pair.entry), str(pair.target), LIMIT))


def _solved(work: _Work) -> list[Change]:
    s = work.study
    model = Model(s.graph.system, tuple(e.operation for e in s.mesh.entries), lambda p: limit_of(work.options, p))
    work.tell("looking for the fewest edits")
    every = {
        k
        for c in s.graph.system.calls.values()
        for x in (*c.layers, *c.passage.layers)
        if (k := knob(x, c)) is not None
    }

    def change(one: Knob, attempts: int) -> Change | None:
        return turned(one, attempts, work.tree, s.mesh, LIMIT_RULE)

    left_out = {c.reason for c in work.refused}
    usable = frozenset(
        k for k in possible(every, work.tree, s.mesh) if (c := change(k, 1)) and c.reason not in left_out
    )
    plan = solve(model, usable, lambda k, n: change(k, n) is not None)
    work.exact = work.exact and plan.exact
    return [c for k, n in plan.setting if (c := change(k, n)) is not None]


def _told(first: Study, work: _Work) -> Fixed:
    """The proposal, with the imports gone that nothing uses any more."""
    original = {p: work.tree.original(p) or "" for p in work.tree.edited}
    files = {
        p: pythontext.without_unused(original[p], t) if p.endswith(".py") else t for p, t in work.tree.edited.items()
    }
    tidy = EditedTree(work.tree.untouched, files)
    outcomes = tuple(_outcomes(first, work))
    return Fixed(
        changes=tuple(work.changes),
        files=tuple(tidy.edited.items()),
        patch=diff(tidy),
        outcomes=outcomes,
        beyond=tuple(o for o in outcomes if o.after > o.limit) if LIMIT_RULE in work.rules else (),
        refused=tuple(work.refused),
        exact=work.exact,
        understood=first.report.understood,
    )


def _outcomes(first: Study, work: _Work) -> Iterable[Outcome]:
    """Pairs that were above their limit, or became smaller; the largest first."""
    after: dict[Ends, Count] = {ends(p): p.worst for p in work.study.amplification.pairs}
    found = (
        Outcome(p.entry, p.target, p.worst, after.get(ends(p), ZERO), limit_of(work.options, p))
        for p in first.amplification.pairs
    )
    return sorted(
        (o for o in found if o.after < o.before or o.before > o.limit),
        key=lambda o: (o.before.value is not None, -(o.before.value or 0), o.entry, o.target),
    )
