"""What is known of one program once and for all, so that it is not looked for in every run of it."""

from __future__ import annotations

from analyzer.amplification.ends import Exits, keys_looked_at, steers_itself, steps
from parsers.facts.python import Repeat, Send, Step


class Study:
    """What is known of one program once and for all: what is looked at, what stands inside each step, what was run.

    Steps are told apart by identity; the program keeps them alive.
    """

    def __init__(self, body: Step) -> None:
        self.body = body
        self.watched = keys_looked_at(body)
        self.known: dict[object, tuple[Exits, bool]] = {}
        self._sent: dict[int, tuple[int, ...]] = {}
        self._by_hand: dict[int, bool] = {}

    def sent(self, step: Step) -> tuple[int, ...]:
        """The keys of the requests inside a step, sorted."""
        if id(step) not in self._sent:
            self._sent[id(step)] = tuple(sorted({s.key for s in steps(step) if isinstance(s, Send)}))
        return self._sent[id(step)]

    def by_hand(self, step: Repeat) -> bool:
        """Whether the step steers itself."""
        if id(step) not in self._by_hand:
            self._by_hand[id(step)] = steers_itself(step)
        return self._by_hand[id(step)]
