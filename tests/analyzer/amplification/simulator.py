"""A concrete run of a system: every request really made, one after the other, and counted. Knows nothing of the engine.

Time is left out (nothing hangs, no limit cuts). What nothing decides is decided by a random source, anew every time.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from analyzer.amplification import CallFacts, System
from analyzer.linking.mesh import Program
from analyzer.model import Layer, Operation
from parsers.facts.python import (
    Answer,
    Block,
    Branch,
    Call,
    Check,
    Guard,
    Leave,
    Loop,
    Next,
    Parallel,
    Raise,
    Repeat,
    Retry,
    Scope,
    Send,
    Step,
)

#: A run that makes more requests than this is given up.
MOST = 20_000


class TooManyError(Exception):
    """The run is too large to be worth it."""


class RaisedError(Exception):
    """An exception of the simulated program."""

    def __init__(self, classes: tuple[str, ...], status: str | None) -> None:
        super().__init__(classes)
        self.classes, self.status = classes, status


class ReturnedError(Exception):
    def __init__(self, status: str | None) -> None:
        super().__init__(status)
        self.status = status


class LeftError(Exception):
    pass


class ContinuedError(Exception):
    pass


@dataclass
class Run:
    """One request at an entry while ``target`` answers ``cause`` to all. ``well``: never fail on their own."""

    system: System
    target: Operation
    cause: str
    source: random.Random
    well: frozenset[Operation] = frozenset()
    arrived: Counter[Operation] = field(default_factory=Counter)

    def request(self, operation: Operation) -> str:
        """What the operation answers; counts everything that arrives anywhere."""
        self.arrived[operation] += 1
        if sum(self.arrived.values()) > MOST:
            raise TooManyError
        if operation == self.target:
            return self.cause
        program = self.system.programs.get(operation)
        if program is None:
            return "200"
        answer = self._handled(program)
        return "200" if operation in self.well else answer

    def _handled(self, program: Program) -> str:
        frame = _Frame(self, dict(program.wires))
        try:
            frame.run(program.handler.body)
        except ReturnedError as end:
            return end.status or "200"
        except RaisedError as end:
            return end.status or program.handler.uncaught or "500"
        except (LeftError, ContinuedError):
            pass
        return "200"

    def call(self, facts: CallFacts, client: Call) -> str:
        """The cause that the client's code is shown."""
        return self._layered(facts, list(facts.passage.layers), self._own(client))

    def _own(self, client: Call) -> list[Retry]:
        return list(client.layers)

    def _layered(self, facts: CallFacts, mesh: list[Layer], own: list[Retry]) -> str:
        if own:
            retry, rest = own[0], own[1:]
            assert retry.attempts is not None and retry.attempts.value is not None
            cause = ""
            for _ in range(retry.attempts.value):
                cause = self._layered(facts, mesh, rest)
                if cause not in retry.condition.causes:
                    break
            return cause
        if mesh:
            layer, inner = mesh[0], mesh[1:]
            assert layer.attempts is not None and layer.attempts.value is not None
            cause = ""
            for _ in range(layer.attempts.value):
                cause = self._layered(facts, inner, [])
                if not _matches(layer, cause):
                    break
            return dict(layer.becomes).get(cause, cause)
        return self.request(facts.callee)


def _matches(layer: Layer, cause: str) -> bool:
    return cause in layer.fires_on or ("5xx" in layer.fires_on and len(cause) == 3 and cause[0] == "5")


@dataclass
class _Frame:
    """One handler's run."""

    run_: Run
    wires: dict[int, tuple[str, ...]]
    known: dict[int, str] = field(default_factory=dict)
    hurt: bool = False

    def run(self, step: Step, handling: RaisedError | None = None) -> None:  # noqa: PLR0912, C901  # one case for each step
        match step:
            case Block():
                for inner in step.steps:
                    self.run(inner, handling)
            case Send():
                self._send(step)
            case Check():
                status = self.known[step.key]
                yes = any(self._is(status, p) for p in step.statuses)
                self.run(step.then if yes else step.orelse, handling)
            case Branch():
                self.run(self.run_.source.choice(step.options), handling)
            case Loop():
                self._loop(step, handling)
            case Parallel():
                self._parallel(step, handling)
            case Guard():
                self._guard(step, handling)
            case Scope():
                with suppress(ReturnedError):
                    self.run(step.body, handling)
            case Raise():
                if not step.classes and handling is not None:
                    raise handling
                told = self.known.get(step.key) if step.key is not None else step.status
                raise RaisedError((*step.classes, "Exception"), told)
            case Answer():
                raise ReturnedError(self.known.get(step.key) if step.key is not None else step.status)
            case Leave():
                raise LeftError
            case Next():
                raise ContinuedError
            case Repeat():
                self._repeat(step, handling)

    def _is(self, status: str, pattern: str) -> bool:
        if pattern == ">=400":
            return int(status) >= 400
        return status == pattern

    def _send(self, step: Send) -> None:
        (wire,) = self.wires[step.key]
        cause = self.run_.call(self.run_.system.calls[wire], step.call)
        if not cause.isdigit():
            self.hurt = True
            kind = {"connect-failure": "httpx.ConnectError", "truncated": "httpx.RemoteProtocolError"}[cause]
            raise RaisedError((kind, "httpx.TransportError", "httpx.HTTPError", "Exception"), None)
        if int(cause) >= 400:
            self.hurt = True
        self.known[step.key] = cause

    def _loop(self, step: Loop, handling: RaisedError | None) -> None:
        assert step.count is not None and step.count.value is not None
        for _ in range(step.count.value):
            try:
                self.run(step.body, handling)
            except ContinuedError:
                continue
            except LeftError:
                break

    def _parallel(self, step: Parallel, handling: RaisedError | None) -> None:
        failures = []
        for branch in step.branches:
            try:
                self.run(branch, handling)
            except RaisedError as error:
                failures.append(error)
        if failures and not step.collects:
            raise self.run_.source.choice(failures)

    def _guard(self, step: Guard, handling: RaisedError | None) -> None:
        try:
            try:
                self.run(step.body, handling)
            except RaisedError as error:
                for one in step.catches:
                    if set(one.exceptions) & set(error.classes):
                        self.run(one.body, error)
                        break
                else:
                    raise
            else:
                self.run(step.orelse, handling)
        finally:
            self.run(step.final, handling)

    def _repeat(self, step: Repeat, handling: RaisedError | None) -> None:
        before = self.hurt
        try:
            self._repeated(step, handling)
        finally:
            self.hurt = self.hurt or before

    def _repeated(self, step: Repeat, handling: RaisedError | None) -> None:
        retry = step.retry
        assert retry.attempts is not None and retry.attempts.value is not None
        last = retry.attempts.value - 1
        for number in range(retry.attempts.value):
            if retry.idiom == "loop":
                self.hurt = False
                try:
                    self.run(step.body, handling)
                except ContinuedError:
                    continue
                except LeftError:
                    return
                if not self.hurt:
                    return
                continue
            try:
                self.run(step.body, handling)
            except RaisedError as error:
                if number == last or not set(retry.condition.exceptions) & set(error.classes):
                    raise
            else:
                return
