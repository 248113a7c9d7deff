"""What a name is worth during a trial run.

Shape: ``Const`` is known, and remembers the inputs it depends on (a parameter's default, a setting); ``Opaque`` is not
known, and remembers whether it comes from the answer of the call under trial.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from parsers.facts.python import Retry
from parsers.python.module import Scope

NO_INPUTS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Const:
    """A known value: number, text, truth value, ``None``, ``range``, or a tuple of worths.

    ``inputs`` are what run time may give differently: the value stands for the default, or is a sample.
    """

    value: object
    inputs: frozenset[str] = NO_INPUTS


@dataclass(frozen=True, slots=True)
class Opaque:
    """Not known. ``source`` names an input that may be taken as a number; ``outcome``: from the answer on trial.

    ``clock``: from the time of day; ``judged``: an opinion about the counter by code that is not here.
    """

    source: str | None = None
    outcome: bool = False
    clock: bool = False
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """An iterator: its first items; ``endless`` where more of the last kind follow."""

    items: tuple[Worth, ...]
    endless: bool = False
    inputs: frozenset[str] = NO_INPUTS


@dataclass(eq=False, slots=True)
class Frame:
    """Names of one running function; ``parent`` is the frame of the function around it."""

    scope: Scope
    parent: Frame | None = None
    names: dict[str, Worth] = field(default_factory=dict)

    def home(self, name: str) -> Frame | None:
        """The frame that holds the name."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame
            frame = frame.parent
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function of the tree, with the frame it was defined in and the object it is bound to."""

    scope: Scope
    frame: Frame | None = None
    receiver: Worth | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """An object of a class of the tree."""

    scope: Scope
    fields: dict[str, Worth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """The callable under trial: every call of it counts, and fails as the trial says."""


@dataclass(frozen=True, slots=True)
class Native:
    """Something that is not in the tree, by its qualified name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """A callable with its first arguments given."""

    target: Worth
    args: tuple[Worth, ...] = ()
    keywords: tuple[tuple[str, Worth], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Repeater:
    """A retry object of a library: iterates attempts, or repeats what it is given or decorates."""

    retry: Retry


@dataclass(frozen=True, slots=True, eq=False)
class Layered:
    """A callable that a library's retry repeats."""

    retry: Retry
    target: Worth


Worth = (
    Const | Opaque | Stream | Closure | Instance | Subject | Native | Partial | Repeater | Layered
)  # fmt: skip

UNKNOWN = Opaque()
NONE = Const(None)


def inputs(*worths: Worth) -> frozenset[str]:
    """All inputs that the worths depend on."""
    found = NO_INPUTS
    for worth in worths:
        if isinstance(worth, Const | Stream):
            found |= worth.inputs
    return found


def blend(*worths: Worth, source: str | None = None, judged: bool = False) -> Opaque:
    """Something made of the worths in a way that is not followed."""
    opaque = [w for w in worths if isinstance(w, Opaque)]
    outcome, clock = any(o.outcome for o in opaque), any(o.clock for o in opaque)
    named = None if outcome or clock else source or next((o.source for o in opaque if o.source), None)
    return Opaque(named, outcome, clock, judged or any(o.judged for o in opaque))


def number(worth: Worth) -> int | float | None:
    """The number, where it is one."""
    if isinstance(worth, Const) and isinstance(worth.value, int | float):
        return worth.value
    return None
