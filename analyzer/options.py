"""What the user asked for."""

from __future__ import annotations

from dataclasses import dataclass

#: The newest Istio release whose semantics are modelled here.
NEWEST_ISTIO = (1, 32)


@dataclass(frozen=True, slots=True)
class Assumption:
    """``caller->callee: attempts=1``: what if, without editing a file."""

    caller: str
    callee: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Intent:
    """An assertion of the user: ``never``/``only``/``must`` FROM reach TO."""

    kind: str
    source: str
    target: str
    reason: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """The most that one request may become, for an entry or a service by its name (``*``: everywhere)."""

    name: str
    most: int


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that may change an answer. ``istio_version`` ``None``: as the repository states, else the newest."""

    istio_version: tuple[int, ...] | None = None
    entries: tuple[str, ...] = ()
    destination_rule_retries: str = "count"  # or "ignore": what stock Istio does
    code: tuple[tuple[str, str], ...] = ()  # folder -> service, as configured
    assumptions: tuple[Assumption, ...] = ()
    intents: tuple[Intent, ...] = ()
    exclude: tuple[str, ...] = ()
    production: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()  # rule id -> off | note | warning | error
    max_amplification: int | None = None
    limits: tuple[Limit, ...] = ()
    today: str | None = None  # YYYY-MM-DD; deadlines are held against it, never against the clock

    def limit(self, entry: str, target: str, default: int) -> int:
        """The most that a request at ``entry`` may become at ``target``; names are ``ns/service OPERATION`` or shorter.

        A limit on an entry or a service comes before one on everything; of several the smallest counts.
        """
        named = [x.most for x in self.limits if x.name != "*" and (_names(x.name, entry) or _names(x.name, target))]
        everywhere = [x.most for x in self.limits if x.name == "*"]
        return min(named or everywhere or [self.max_amplification or default])

    def to_dict(self) -> dict[str, object]:
        return {
            "istio_version": ".".join(map(str, self.istio_version)) if self.istio_version else None,
            "entries": list(self.entries),
            "destination_rule_retries": self.destination_rule_retries,
            "assumptions": [f"{a.caller}->{a.callee}: attempts={a.attempts}" for a in self.assumptions],
        }


def _names(wanted: str, operation: str) -> bool:
    """Whether an operation, its service, or either without the namespace is what is named."""
    service = operation.partition(" ")[0]
    _, _, bare = service.rpartition("/")
    return wanted in (operation, service, bare, operation.removeprefix(service.removesuffix(bare)))
