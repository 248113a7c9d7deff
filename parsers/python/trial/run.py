"""One trial run: what was decided, what was counted, what may still be spent.

Shape: what the code does not say is a decision at a place; a run is a function of its decisions, so the same decisions
always give the same run.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import Enum

from parsers.facts.python import Retry
from parsers.quantities import ONCE, UNBOUNDED, ZERO, Count

#: Statements and expressions of one run.
MAX_STEPS = 8_000
#: Calls before a run counts as endless.
MAX_HITS = 48


class Way(Enum):
    """How the call under trial ends."""

    RAISES = "raises"
    ANSWERS = "answers"
    SUCCEEDS = "succeeds"


class Signal(Exception):  # noqa: N818 -- a jump of the analysed code, not an error
    """Leaves a statement list."""


class Raised(Signal):
    """An exception of the analysed code. ``name`` is ``None`` for the failure under trial."""

    def __init__(self, name: str | None, known: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


class Returned(Signal):
    """``return``."""

    def __init__(self, worth: object) -> None:
        super().__init__()
        self.worth = worth


class Broke(Signal):
    """``break``."""


class Continued(Signal):
    """``continue``."""


class Enough(Signal):
    """A generator yields more than is looked at."""


class Finished(Exception):  # noqa: N818 -- as above
    """The trial has its answer: what follows cannot change the count."""


class Exhausted(Exception):  # noqa: N818 -- as above
    """The run was given up: too many steps, or endless."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was taken at a place that the code leaves open. ``outcome``: it depends on the answer under trial."""

    place: int
    taken: int
    ways: int
    outcome: bool


@dataclass(slots=True)
class Run:
    """The state of one run."""

    way: Way
    chosen: dict[int, int]
    sample: int = 5
    shift: int = 0
    max_hits: int = MAX_HITS
    steps: int = MAX_STEPS
    hits: Count = ZERO
    weight: Count = ONCE
    places: list[ast.AST] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    inputs: set[str] = field(default_factory=set)
    sampled: set[str] = field(default_factory=set)
    endless: bool = False
    judged: bool = False
    raised: bool = False  # something was raised that nobody asked for
    dynamic: bool = False  # a library's retry inside has attempts that only run time decides
    sleep_s: float = 0.0
    waits: list[float] = field(default_factory=list)
    entered: bool = False
    left: str = ""
    caught: dict[ast.ExceptHandler, tuple[str, ...]] = field(default_factory=dict)
    layers: list[Retry] = field(default_factory=list)

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            self.endless = True
            raise Exhausted

    def choose(self, place: int, ways: int, *, outcome: bool, first: int = 0) -> int:
        """The way taken at a place; always the same one in one run."""
        taken = self.chosen.get(place)
        if taken is None:
            taken = self.chosen[place] = first
            self.decisions.append(Decision(place, taken, ways, outcome))
        return taken

    def hit(self, node: ast.AST) -> None:
        """One call under trial."""
        self.hits = self.hits + self.weight
        self.places.append(node)
        if self.hits.value is not None and self.hits.value > 1:
            self.waits.append(self.sleep_s)
        self.sleep_s = 0.0
        if self.hits == UNBOUNDED or (self.hits.value or 0) >= self.max_hits:
            self.endless = True
            raise Exhausted
