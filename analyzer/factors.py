"""How a call multiplies, as evidence: one line a layer, with what is written and what it counts."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.findings import Evidence
from analyzer.graph import Call, CallGraph
from analyzer.hops import factors as multipliers
from analyzer.linking.mesh import Mesh
from analyzer.model import Layer, Operation
from parsers.facts import python
from parsers.quantities import ONCE, Count

APPLICATION = frozenset({"app", "sdk"})
#: Verbs with which the names of RPCs begin that only read.
_READING = ("Get", "List", "Search", "Read", "Find", "Fetch", "Query", "Check", "Watch", "Lookup", "Describe", "Count")
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


def factor(layer: Layer) -> str:
    """``tenacity: 3 attempts (stop_after_attempt(3))``."""
    count = (
        "an unknown number of"
        if layer.attempts is None
        else "unbounded"
        if layer.attempts.unbounded
        else str(layer.attempts)
    )
    written = f" ({layer.declared})" if layer.declared else ""
    return f"{layer.kind} {layer.name}: {count} attempt{'' if layer.attempts == ONCE else 's'}{written}"


def factors(call: Call) -> tuple[Evidence, ...]:
    """The call itself, then every layer that repeats, outermost first."""
    layers = [layer for layer in call.layers if layer.attempts != ONCE and layer.counts_arrivals]
    return (
        Evidence(f"{call.caller} calls {call.callee}", call.span),
        *(Evidence(factor(layer), layer.span) for layer in layers),
    )


def repeating(call: Call) -> tuple[Layer, ...]:
    """The layers whose repeats reach the callee's application, as far as is known."""
    return tuple(
        x for x in call.layers if x.effective and x.counts_arrivals and x.attempts is not None and x.attempts > ONCE
    )


def firing(call: Call, graph: CallGraph) -> tuple[tuple[Layer, Count], ...]:
    """The layers that multiply when the callee fails in the worst way, each by how much, outermost first."""
    facts = graph.system.calls[call.wire.id]
    multiplied = zip(call.layers, multipliers(facts, call.callee, call.gain.cause), strict=False)
    return tuple((layer, by) for layer, by in multiplied if by > ONCE and layer.counts_arrivals)


def writes(operation: Operation) -> bool | None:
    """Whether an operation changes something when it is done twice; ``None`` where its name does not say.

    Source: RFC 9110 section 9.2.2 (idempotent methods); for RPCs the verb that the name begins with.
    """
    if operation.name.startswith("/"):
        return not operation.name.rpartition("/")[2].startswith(_READING)
    method = operation.name.partition(" ")[0]
    return None if method in ("*", "") else method not in _IDEMPOTENT


def python_calls(call: Call, mesh: Mesh) -> tuple[python.Call, ...]:
    """What the code says of a call: every ``Send`` of its key in the caller's program."""
    program = mesh.programs.get(call.caller)
    if program is None or call.wire.key is None:
        return ()
    return tuple(s.call for s in sends(program.handler.body) if s.key == call.wire.key)


def sends(step: python.Step) -> Iterator[python.Send]:
    """Every ``Send`` in a tree, in order."""
    stack: list[python.Step] = [step]
    while stack:
        here = stack.pop()
        if isinstance(here, python.Send):
            yield here
        stack.extend(reversed(python.children(here)))
