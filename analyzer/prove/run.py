"""One scenario on loopback: stub servers, an Envoy for each caller's sidecar, one request at the entry, all counted.

Shape: proxies of one call form a row; those next to callees start first, for the ones before them need their ports.
Errors: ``CannotError`` where a part of the scenario cannot be reproduced.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.amplification.causes import HANG, failed
from analyzer.amplification.ends import steps
from analyzer.amplification.results import Scenario
from analyzer.amplification.system import GRPC, CallFacts, System
from analyzer.model import Layer, Operation
from analyzer.prove.clients import Raised, Target, send, stands_in
from analyzer.prove.envoy import Envoy
from analyzer.prove.programs import LIBRARIES, Frame
from analyzer.prove.proxies import Leg, clusters, listeners
from analyzer.prove.stubs import Ledger, Stub
from parsers.facts.python import Call, Repeat, Send
from parsers.source import Span

#: Proxies whose policies Envoy is given as they are written.
KNOWN = ("istio",)
#: No timeout of an experiment is longer; all are scaled by the same factor.
LONGEST_S = 1.5
#: Waits of Envoy end within this, so that quiet means over.
QUIET_S = 0.15


_SPAN = Span("", 1, 1, 1, 1)


class CannotError(Exception):
    """What cannot be reproduced, in a few words."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one experiment may use."""

    requests: int = 2_000
    seconds: float = 20.0
    processes: int = 8
    operations: int = 40


class Bench:
    """The stage of one experiment. Use it in a ``with``; everything it started is gone afterwards."""

    def __init__(self, system: System, scenario: Scenario, limits: Limits) -> None:
        self._system = system
        self._scenario = scenario
        self._limits = limits
        self._involved = {o.operation for o in scenario.load}
        self._stack = contextlib.ExitStack()
        self.ledger = Ledger(limits.requests * 2 + 50)
        self._stubs: dict[Operation, Stub] = {}
        self._first_port: dict[str, int] = {}
        self._near: list[Envoy] = []  # those that stand with callers
        self._answers = dict(scenario.answers)
        self.scale = self._scale()
        self.notes = tuple(sorted(set(self._notes())))

    # ------------------------------------------------------------------------------------------------------- the stage

    def __enter__(self) -> Bench:
        try:
            self._check()
            for operation in sorted(self._involved):
                self._stubs[operation] = self._stub(operation)
                self._stack.callback(self._stubs[operation].close)
            self._proxies()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *ended: object) -> None:
        self.ledger.stopped.set()
        self._stack.close()

    def _calls(self) -> Iterator[CallFacts]:
        for operation in sorted(self._involved - self._silent):
            yield from self._system.outgoing.get(operation, ())

    @property
    def _silent(self) -> set[Operation]:
        """What refuses connections asks nobody."""
        return {self._scenario.failing} if self._scenario.cause == "connect-failure" else set()

    def _check(self) -> None:
        if len(self._involved) > self._limits.operations:
            raise CannotError(f"{len(self._involved)} operations take part, more than {self._limits.operations}")
        for call in self._calls():
            if len(call.callees) > 1:
                raise CannotError(f"{call.id}: requests are split between {len(call.callees)} services")
            for layer in call.passage.layers:
                if layer.name.partition(" ")[0] not in KNOWN:
                    raise CannotError(f"{call.id}: a layer of {layer.name} cannot be given to Envoy")
            if call.assumed is not None:
                raise CannotError(f"{call.id} is assumed, not written")

    def _notes(self) -> Iterator[str]:
        if self.scale != 1.0:
            yield f"timeouts are {self.scale:.3g} of what is written"
        for operation in self._involved:
            program = self._system.programs.get(operation)
            if program is None:
                if self._system.outgoing.get(operation):
                    yield f"{operation} has no code that could be run: it asks everybody and fails if one does"
                continue
            for step in steps(program.handler.body):
                if isinstance(step, Send) and (why := stands_in(step.call)):
                    yield why
                if isinstance(step, Repeat) and step.retry.idiom.partition(".")[0] not in (*LIBRARIES, "loop"):
                    yield f"{step.retry.idiom} is a plain loop here"

    def _scale(self) -> float:
        """One factor for all timeouts, so that no call that hangs takes longer than is worth waiting for."""
        longest = max((_lasts(call, client) for call, client in self._clients()), default=0.0)
        slow = self._scenario.cause == HANG
        return LONGEST_S / longest if slow and longest > LONGEST_S else 1.0

    def _clients(self) -> Iterator[tuple[CallFacts, Call | None]]:
        """Every call with what makes it."""
        for operation in sorted(self._involved - self._silent):
            program = self._system.programs.get(operation)
            wires = dict(program.wires) if program else {}
            for step in steps(program.handler.body) if program else ():
                if isinstance(step, Send):
                    yield from (
                        (self._system.calls[w], step.call) for w in wires.get(step.key, ()) if w in self._system.calls
                    )
            if program is None:
                yield from ((call, None) for call in self._system.outgoing.get(operation, ()))

    # ------------------------------------------------------------------------------------------------------- its parts

    def _stub(self, operation: Operation) -> Stub:
        fails = self._scenario.cause if operation == self._scenario.failing else None
        if self._system.outgoing.get(operation) and fails is not None and fails != "connect-failure":
            return Stub(
                str(operation), self.ledger, self._failing(operation, fails), grpc=self._system.is_grpc(operation)
            )
        run = self._runs(operation) if fails is None and self._system.outgoing.get(operation) else None
        return Stub(str(operation), self.ledger, run, fails, grpc=self._system.is_grpc(operation))

    def _failing(self, operation: Operation, cause: str) -> Callable[[], str]:
        """What fails makes its own calls first, as the analysis assumes."""
        inner = self._runs(operation)

        def run() -> str:
            inner()
            return cause

        return run

    def _runs(self, operation: Operation) -> Callable[[], str]:
        program = self._system.programs.get(operation)
        if program is None:
            return lambda: self._asks_everybody(operation)
        wires = dict(program.wires)

        def once() -> str:
            frame = Frame(lambda step: self._send(wires, step), lambda step: self._leads(wires, step))
            return frame.handle(program.handler)

        return once

    def _asks_everybody(self, operation: Operation) -> str:
        """A service without code: every call is made; if one fails, it answers as the analysis found worst."""
        bad = False
        for call in self._system.outgoing.get(operation, ()):
            client = Call("urllib", call.protocol, call.method, (), "", _SPAN)
            try:
                bad = failed(self._ask(call, client)) or bad
            except (Raised, OSError):
                bad = True
        return self._answers.get(operation, "503") if bad else "200"

    def _leads(self, wires: Mapping[int, tuple[str, ...]], step: Send) -> bool:
        calls = [self._system.calls[w] for w in wires.get(step.key, ()) if w in self._system.calls]
        return any(call.callee in self._involved for call in calls)

    def _send(self, wires: Mapping[int, tuple[str, ...]], step: Send) -> str:
        known = [w for w in wires.get(step.key, ()) if w in self._system.calls]
        if not known:
            return "200"
        chosen = next((w for w in known if self._system.calls[w].callee in self._involved), known[0])
        return self._ask(self._system.calls[chosen], step.call)

    def _ask(self, call: CallFacts, client: Call) -> str:
        port = self._first_port.get(call.id)
        if port is None:
            return "200"
        grpc = call.protocol.startswith(GRPC)
        timeout = client.timeout_s * self.scale if client.timeout_s else None
        method = "GET" if call.method in ("*", "") else call.method.upper()
        return send(client, Target(call.id, f"http://127.0.0.1:{port}/", method, grpc, timeout))

    # --------------------------------------------------------------------------------------------------------- proxies

    def _proxies(self) -> None:
        """The row of proxies of every call, from the callee's side to the caller's."""
        rows = {c.id: c for c in self._calls() if c.callees[0][0] in self._stubs or c.passage.answered}
        ports: dict[str, int] = {}
        for call in rows.values():
            callee = self._stubs.get(call.callees[0][0])
            if callee is not None:
                ports[call.id] = callee.port
        deepest = max((len(c.passage.layers) for c in rows.values()), default=0)
        for place in range(deepest - 1, -1, -1):
            groups: dict[str, list[Leg]] = {}
            for call in rows.values():
                if place < len(call.passage.layers):
                    group = str(call.caller.service) if place == 0 else "far"
                    groups.setdefault(group, []).append(self._leg(call, call.passage.layers[place], ports, place))
            started = [(legs, self._start(legs)) for legs in self._merged(groups)]
            for legs, envoy in started:
                own = envoy.wait().ports
                ports.update({leg.call: own[leg.call if leg.bytes_only else "calls"] for leg in legs})
            self._near = [envoy for _, envoy in started] if place == 0 else []
        self._first_port = ports

    def _merged(self, groups: dict[str, list[Leg]]) -> list[list[Leg]]:
        """At most so many processes: callers share one where there are more."""
        found: list[list[Leg]] = [[] for _ in range(min(len(groups), max(1, self._limits.processes // 2)))]
        for number, name in enumerate(sorted(groups)):
            found[number % len(found)].extend(groups[name])
        return found

    def _leg(self, call: CallFacts, layer: Layer, ports: Mapping[str, int], place: int) -> Leg:
        mirrors = tuple(self._stubs[o].port for o in call.shadows if o in self._stubs) if place == 0 else ()
        answered = call.passage.answered if place == 0 else None
        return Leg(call.id, layer, ports.get(call.id), mirrors, answered, self.scale)

    def _start(self, legs: list[Leg]) -> Envoy:
        return self._stack.enter_context(Envoy(list(listeners(legs)), list(clusters(legs))))

    # --------------------------------------------------------------------------------------------------------- running

    def run(self) -> dict[Operation, int]:
        """Send one request to the entry and count what arrives everywhere."""
        entry = self._stubs[self._scenario.entry]
        client = Call("urllib", "http", "GET", (), "", _SPAN)
        target = Target("entry", f"http://127.0.0.1:{entry.port}/", "GET", entry.grpc, self._limits.seconds)

        def ask() -> None:
            with contextlib.suppress(Raised, OSError):
                send(client, target)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(self._limits.seconds)
        if asking.is_alive():
            raise CannotError(f"not over after {self._limits.seconds:g} s")
        slow = self._scenario.cause == HANG
        self.ledger.quiet(LONGEST_S + 0.3 if slow else QUIET_S, self._limits.seconds, hanging=slow)
        found = {o: self.ledger.arrived[str(o)] for o in self._involved}
        if self._scenario.cause == "connect-failure":
            found[self._scenario.failing] = self._tried()
        return found

    def _tried(self) -> int:
        """Connections that callers' proxies tried to what refuses them."""
        aimed = [c for c in self._calls() if c.callees[0][0] == self._scenario.failing]
        if any(not c.passage.layers for c in aimed):
            raise CannotError("refused connections cannot be counted where no proxy makes them")
        time.sleep(0.1)  # the access log is written every 20 ms
        tries = [e.tries() for e in self._near]
        return sum(t.get(c.id, 0) for c in aimed for t in tries)


def _lasts(call: CallFacts, client: Call | None) -> float:
    """How long one try of a call may hang: until the first limit on its way."""
    limits = [layer.timeout_s or (layer.per_try_timeout_s or 0.0) for layer in call.passage.layers]
    limits.append((client.timeout_s if client else call.timeout_s) or 0.0)
    return min((x for x in limits if x), default=0.0)
