"""Client plugins: what sends a request. One module a library, each with one public ``Client``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parsers.python.sending import Sent, Site


@dataclass(frozen=True, slots=True)
class Client:
    """A library that sends.

    ``roots`` are the first parts of dotted names that may be its; ``recognise`` says what a call of one of them sends.
    ``attrs`` are attributes of functions and classes of the tree that send (``task.delay``).
    """

    name: str
    roots: frozenset[str]
    recognise: Callable[[Site], Sent | None]
    attrs: frozenset[str] = frozenset()
