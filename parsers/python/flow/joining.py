"""Where ways meet: names that differ between them depend on the way taken, which is marked.

Shape: a mark is a ``Scope`` whose only step answers ``#n`` under the key of the meeting point; marks that no later step
looks at are pruned (``parsers.python.flow.tidy``).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from parsers.facts.python import NOTHING, Branch, Check, Step
from parsers.python.conditions import as_test
from parsers.python.flow.context import Activation, block
from parsers.python.value import Either, Outcome, Unknown, Value, options, truth

#: Alternatives of a name that are told apart by marks.
MAX_WAYS = 8


@dataclass(slots=True)
class Path:
    """One of several ways: its steps, its names at the end, and whether it comes to the end."""

    steps: list[Step]
    env: dict[str, Value]
    alive: bool


def meet(act: Activation, paths: list[Path], node: ast.AST) -> None:
    """Continue where the living paths meet; each is given its mark where names differ."""
    living = [p for p in paths if p.alive]
    act.alive = bool(living)
    if not living:
        return
    if len(living) == 1:
        act.env = living[0].env
        return
    names = dict.fromkeys(n for p in living for n in p.env)
    merged: dict[str, Value] = {}
    differing: list[str] = []
    for name in names:
        found = [p.env.get(name) for p in living]
        first = found[0]
        if all(v == first for v in found) and first is not None:
            merged[name] = first
        else:
            differing.append(name)
    if differing:
        key = act.context.key()
        for number, path in enumerate(living):
            path.steps.append(act.mark(key, number, node))
        for name in differing:
            merged[name] = _outcome(key, [p.env.get(name, Unknown(name)) for p in living])
    act.env = merged


def _outcome(key: int, values: list[Value]) -> Value:
    made = Outcome(key, tuple((f"#{i}", v) for i, v in enumerate(values)))
    several = options(made)
    if len(several) <= MAX_WAYS:
        return made
    distinct = [v for i, v in enumerate(several) if v not in several[:i]]
    return Either(tuple(distinct[:MAX_WAYS])) if len(distinct) > 1 else distinct[0]


def choose(value: Value, then: Step, orelse: Step) -> Step:
    """One of two steps by the truth of a value."""
    if then == orelse:
        return then
    known = truth(value)
    if known is not None:
        return then if known else orelse
    asked = as_test(value)
    if asked is not None:
        yes, no = (then, orelse) if asked.holds else (orelse, then)
        return Check(asked.key, asked.statuses, yes, no)
    if isinstance(value, Outcome):
        return _by_way(value, then, orelse)
    return Branch((then, orelse))


def _by_way(value: Outcome, then: Step, orelse: Step) -> Step:
    decided = [(mark, choose(v, then, orelse)) for mark, v in value.ways]
    return select(value.key, decided)


def select(key: int, ways: list[tuple[str, Step]]) -> Step:
    """The step of the way that was taken."""
    groups: list[tuple[Step, list[str]]] = []
    for mark, step in ways:
        for known, marks in groups:
            if known == step:
                marks.append(mark)
                break
        else:
            groups.append((step, [mark]))
    result = groups[-1][0]
    for step, marks in reversed(groups[:-1]):
        result = Check(key, tuple(marks), step, result)
    return result


# ------------------------------------------------------------------------------------------------------------- tests


@dataclass(slots=True)
class Asked:
    """A condition whose calls have been followed. ``parts`` of ``and`` and ``or``; else ``value``, after ``steps``."""

    kind: str
    parts: list[Asked]
    value: Value
    steps: list[Step]

    def known(self) -> bool | None:
        """The truth, where it is known."""
        answers = [p.known() for p in self.parts]
        match self.kind:
            case "and":
                return False if False in answers else (None if None in answers else True)
            case "or":
                return True if True in answers else (None if None in answers else False)
            case "not":
                return None if answers[0] is None else not answers[0]
            case _:
                return truth(self.value)

    def decide(self, then: Step, orelse: Step) -> Step:
        """One of two steps by the condition."""
        match self.kind:
            case "and":
                step = then
                for part in reversed(self.parts):
                    step = part.decide(step, orelse)
                return step
            case "or":
                step = orelse
                for part in reversed(self.parts):
                    step = part.decide(then, step)
                return step
            case "not":
                return self.parts[0].decide(orelse, then)
            case _:
                chosen = choose(self.value, then, orelse)
                return block([*self.steps, chosen]) if self.steps else chosen

    def effects(self) -> bool:
        """Whether anything is sent to find out."""
        return bool(self.steps) or any(p.effects() for p in self.parts)


__all__ = ["NOTHING", "Asked", "Path", "choose", "meet", "select"]
