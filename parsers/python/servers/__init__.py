"""Server plugins: what receives a request, a message or a task, or starts a program. One ``Server`` a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from parsers.python.routing import Found, Routing


@dataclass(frozen=True, slots=True)
class Server:
    """A framework that receives. ``mentions``: one of these words is in every file that uses it."""

    name: str
    mentions: tuple[str, ...]
    find: Callable[[Routing], Iterator[Found]]
