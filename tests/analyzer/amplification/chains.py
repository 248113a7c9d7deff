"""Short builders of systems for tests: services in a row, each with its application's and its sidecar's layers."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.amplification import CallFacts, System
from analyzer.linking.mesh import Program
from analyzer.model import Layer, Operation, Passage
from parsers.facts.python import (
    NOTHING,
    Answer,
    Block,
    Call,
    Check,
    Handler,
    Raise,
    Repeat,
    Retry,
    RetryCondition,
    Send,
    Step,
)
from parsers.quantities import Count
from parsers.source import Span

HERE = Span("app.py", 1, 1, 1, 1)
FAILED = ("app.Failed", "Exception")
BECOMES = (("connect-failure", "503"), ("reset", "503"), ("per-try-timeout", "504"), ("timeout", "504"))


def op(name: str) -> Operation:
    return Operation(f"shop/{name}", "*")


def sidecar(attempts: int, *causes: str, **more: object) -> Layer:
    """What a sidecar repeats, and what it makes of a failure."""
    return Layer(
        "sidecar", "istio", Count(attempts), causes, frozenset(causes), "", True, HERE, becomes=BECOMES, **more  # type: ignore[arg-type]  # the fields of a layer
    )  # fmt: skip


def client(timeout_s: float | None = 5.0, name: str = "requests") -> Call:
    return Call(name, "http", "GET", (), "f", HERE, timeout_s=timeout_s)


def tries(attempts: int | None, body: Step, *exceptions: str, **more: object) -> Repeat:
    """A decorator that repeats on exceptions; ``None`` for no bound."""
    condition = RetryCondition(exceptions=exceptions or ("Exception",))
    return Repeat(Retry("tenacity.retry", Count(attempts), None, condition, "", "f", HERE, **more), body)  # type: ignore[arg-type]  # the fields of a retry


def asks(key: int, timeout_s: float | None = 5.0) -> Block:
    """Send, and raise on a failing status."""
    return Block((Send(client(timeout_s), key), Check(key, (">=400",), Raise(FAILED, None, HERE, key), NOTHING)))


def passes_on(key: int, timeout_s: float | None = 5.0) -> Block:
    """Send, and answer with the status that came."""
    return Block((Send(client(timeout_s), key), Answer(None, key, HERE)))


@dataclass(frozen=True)
class Hop:
    """One service of a chain and how it asks the next."""

    name: str
    body: Step
    layers: tuple[Layer, ...] = ()
    uncaught: str = "500"


def chain(hops: list[Hop], last: str) -> System:
    """Services in a row; request 1 of each goes to the next."""
    names = [h.name for h in hops] + [last]
    calls, programs = {}, {}
    for hop, callee in zip(hops, names[1:], strict=True):
        call = CallFacts(f"{hop.name}->{callee}", op(hop.name), op(callee), passage=Passage(layers=hop.layers))
        calls[call.id] = call
        handler = Handler("flask", "http", "*", "*", "f", HERE, hop.body, uncaught=hop.uncaught)
        programs[op(hop.name)] = Program(op(hop.name), handler, ((1, (call.id,)),))
    return System(programs, calls)
