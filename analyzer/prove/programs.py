"""A program run for real: its steps executed one by one, requests sent with its client, retries made by its library.

What nothing decides (``Branch``) takes the way that leads on to other services, which is the worst.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec

from analyzer.amplification.causes import any_covers
from analyzer.amplification.ends import CAUGHT, Exit, How, repeats, steers_itself, steps
from analyzer.exceptions import caught, kinds
from analyzer.prove.clients import MANY, Raised
from analyzer.prove.decorators import attempts, with_backoff, with_stamina, with_tenacity
from parsers.facts.python import (
    Answer,
    Block,
    Branch,
    Check,
    Guard,
    Handler,
    Leave,
    Loop,
    Next,
    Parallel,
    Raise,
    Repeat,
    Scope,
    Send,
    Step,
)

#: Retry libraries that are used themselves.
LIBRARIES = ("tenacity", "backoff", "stamina")


class _Returned(Exception):  # noqa: N818  # a way out, not an error
    def __init__(self, status: str | None) -> None:
        super().__init__(status)
        self.status = status


class _Left(Exception):  # noqa: N818  # a way out, not an error
    pass


class _Continued(Exception):  # noqa: N818  # a way out, not an error
    pass


@dataclass
class Frame:
    """One run of a handler. ``send`` makes a request and returns its status; ``leads`` says which requests matter."""

    send: Callable[[Send], str]
    leads: Callable[[Send], bool]
    known: dict[int, str] = field(default_factory=dict)
    hurt: bool = False

    def handle(self, handler: Handler) -> str:
        """What the handler answers."""
        try:
            self.run(handler.body, None)
        except _Returned as end:
            return end.status or "200"
        except (_Left, _Continued):
            return "200"
        except Exception as error:  # noqa: BLE001  # whatever the libraries raise is what the framework would see
            return self._answered(handler, seen(error))
        return "200"

    def _answered(self, handler: Handler, raised: Raised) -> str:
        if raised.status is not None:
            return raised.status
        for name, status in handler.errors:
            if caught(raised.classes, (name,)):
                return status
        return handler.uncaught or "500"

    def run(self, step: Step, handling: Raised | None) -> None:
        """Execute a step."""
        match step:
            case Send():
                self._send(step)
            case Block():
                for inner in step.steps:
                    self.run(inner, handling)
            case Branch():
                self._branch(step, handling)
            case Check():
                yes = any_covers(step.statuses, self.known.get(step.key, "200"))
                self.run(step.then if yes else step.orelse, handling)
            case Scope():
                self._scope(step, handling)
            case Raise() | Answer() | Leave() | Next():
                self._leave(step, handling)
            case _:
                self._around(step, handling)

    def _around(self, step: Step, handling: Raised | None) -> None:
        match step:
            case Guard():
                self._guard(step, handling)
            case Repeat():
                self._repeat(step, handling)
            case Loop():
                self._loop(step, handling)
            case Parallel():
                self._parallel(step, handling)
            case _:
                raise TypeError(step)

    def _send(self, step: Send) -> None:
        try:
            status = self.send(step)
        except Exception as error:
            self.hurt = True
            cause = seen(error).cause
            if cause[:1].isdigit() or cause.startswith("grpc-"):
                self.known[step.key] = cause
            raise
        self.hurt = self.hurt or int(status) >= 400
        self.known[step.key] = status

    def _branch(self, step: Branch, handling: Raised | None) -> None:
        if not step.options:
            return
        leading = (o for o in step.options if any(isinstance(s, Send) and self.leads(s) for s in steps(o)))
        self.run(next(leading, step.options[0]), handling)

    def _scope(self, step: Scope, handling: Raised | None) -> None:
        try:
            self.run(step.body, handling)
        except _Returned as end:
            if step.key is not None and end.status is not None:
                self.known[step.key] = end.status

    def _leave(self, step: Raise | Answer | Leave | Next, handling: Raised | None) -> None:
        if isinstance(step, Leave | Next):
            raise _Left if isinstance(step, Leave) else _Continued
        status = step.status if step.key is None else self.known.get(step.key)
        if isinstance(step, Answer):
            raise _Returned((handling.status or handling.cause if handling else "500") if status == CAUGHT else status)
        if not step.classes and handling is not None:
            raise handling
        cause = handling.cause if handling else ""
        if step.about is not None:
            cause = self.known.get(step.about, cause)
        raise Raised(kinds(step.classes), status, cause)

    def _guard(self, step: Guard, handling: Raised | None) -> None:
        try:
            try:
                self.run(step.body, handling)
            except (_Returned, _Left, _Continued):
                raise
            except Exception as error:
                raised = seen(error)
                for one in step.catches:
                    if caught(raised.classes, one.exceptions or ("BaseException",)):
                        self.run(one.body, raised)
                        break
                else:
                    raise
            else:
                self.run(step.orelse, handling)
        finally:
            self.run(step.final, handling)

    def _loop(self, step: Loop, handling: Raised | None) -> None:
        times = 1 if step.count is None else MANY if step.count.value is None else step.count.value
        for _ in range(times):
            try:
                self.run(step.body, handling)
            except _Continued:
                continue
            except _Left:
                return

    def _parallel(self, step: Parallel, handling: Raised | None) -> None:
        with ThreadPoolExecutor(len(step.branches) or 1) as pool:
            running = [pool.submit(self.run, branch, handling) for branch in step.branches]
        failed = [e for e in (r.exception() for r in running) if isinstance(e, Exception)]
        if failed and not step.collects:
            raise failed[0]

    # -------------------------------------------------------------------------------------------------------- retrying

    def _repeat(self, step: Repeat, handling: Raised | None) -> None:
        before = self.hurt
        try:
            self._repeated(step, handling)
        finally:
            self.hurt = self.hurt or before

    def _repeated(self, step: Repeat, handling: Raised | None) -> None:
        if steers_itself(step):
            self._by_hand(step, handling)
            return
        library = step.retry.idiom.partition(".")[0]
        plain = not step.retry.condition.result and not step.retry.condition.statuses
        if library in LIBRARIES and plain and find_spec(library) is not None:
            self._with_library(library, step, handling)
        else:
            self._looped(step, handling)

    def _by_hand(self, step: Repeat, handling: Raised | None) -> None:
        for _ in range(attempts(step.retry)):
            self.hurt = False
            with suppress(_Continued):
                try:
                    self.run(step.body, handling)
                except _Left:
                    return
                if not self.hurt:
                    return

    def _with_library(self, library: str, step: Repeat, handling: Raised | None) -> None:
        """The real decorator, with the condition that the code gives it and no waits."""
        retry = step.retry
        outcome: list[BaseException] = []

        def body() -> None:
            try:
                self.run(step.body, handling)
            except (_Returned, _Left) as way_out:  # not a failure to the library
                outcome.append(way_out)

        def wanted(error: BaseException) -> bool:
            return isinstance(error, Exception) and self._repeats(step, seen(error)) is not False

        decorated: dict[str, Callable[[], object]] = {
            "tenacity": lambda: with_tenacity(retry, wanted)(body),
            "backoff": with_backoff(retry, wanted, body),
            "stamina": with_stamina(retry, wanted, body),
        }
        decorated[library]()
        if outcome:
            raise outcome[-1]

    def _looped(self, step: Repeat, handling: Raised | None) -> None:
        """A library that is not used here, or a condition on results: its attempts as a plain loop."""
        last = attempts(step.retry) - 1
        for number in range(last + 1):
            self.hurt = False
            way_out: _Returned | None = None
            try:
                self.run(step.body, handling)
            except _Continued:
                continue
            except _Returned as end:
                way_out = end
            except Exception as error:
                if number == last or self._repeats(step, seen(error)) is False:
                    raise
                continue
            if number == last or not self._unwanted(step, way_out):
                if way_out is not None:
                    raise way_out
                return

    def _repeats(self, step: Repeat, raised: Raised) -> bool | None:
        end = Exit(How.RAISES, (), raised.classes, raised.status, raised.cause, hurt=True)
        return repeats(step.retry, end, frozenset())

    def _unwanted(self, step: Repeat, way_out: _Returned | None) -> bool:
        inside = frozenset(s.key for s in steps(step.body) if isinstance(s, Send))
        how = How.GOES_ON if way_out is None else How.ANSWERS
        end = Exit(how, tuple(self.known.items()), status=way_out.status if way_out else None, hurt=self.hurt)
        return repeats(step.retry, end, inside) is not False


def seen(error: BaseException) -> Raised:
    """An exception in the words of the analysis: its classes by name, nearest first."""
    if isinstance(error, Raised):
        return error
    classes = [f"{c.__module__}.{c.__qualname__}".removeprefix("builtins.") for c in type(error).__mro__]
    status = getattr(getattr(error, "response", None), "status_code", None) or getattr(error, "code", None)
    return Raised(kinds(classes), None, str(status) if isinstance(status, int) else "")
