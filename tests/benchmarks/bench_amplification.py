"""How the engine grows: ``python -m tests.benchmarks.bench_amplification [operations ...]``.

Prints processor seconds for layered random systems of 1k, 10k and 100k operations with five calls each, two thirds of
them with a program, and how much longer each takes than the one before. Run by hand; not a test.
"""

from __future__ import annotations

import gc
import random
import sys
import time

from analyzer.amplification import CallFacts, System, amplify
from analyzer.linking.mesh import Program
from analyzer.model import Layer, Operation, Passage
from parsers.facts.python import NOTHING, Block, Call, Check, Handler, Raise, Repeat, Retry, RetryCondition, Send, Step
from parsers.quantities import Count
from parsers.source import Span

HERE = Span("app.py", 1, 1, 1, 1)
CALLS = 5
REACH = 50  # callees are among the next so many operations


def build(size: int, seed: int = 1) -> tuple[System, Operation]:
    """A system of so many operations, and its entry."""
    source = random.Random(seed)
    operations = [Operation(f"shop/s{i:06d}", "*") for i in range(size)]
    passages = (Passage(layers=(_sidecar("503", "connect-failure"),)), Passage(layers=(_sidecar("connect-failure"),)))
    calls: dict[str, CallFacts] = {}
    programs: dict[Operation, Program] = {}
    for number, operation in enumerate(operations[:-1]):
        own = []
        for n in range(CALLS):
            callee = operations[source.randint(number + 1, min(size - 1, number + REACH))]
            call = CallFacts(f"{number}.{n}", operation, callee, passage=source.choice(passages))
            calls[call.id] = call
            own.append(call.id)
        if source.random() < 0.67:
            programs[operation] = _program(operation, own, source)
    return System(programs, calls), operations[0]


def _sidecar(*causes: str) -> Layer:
    becomes = (("connect-failure", "503"), ("reset", "503"))
    return Layer("sidecar", "istio", Count(3), causes, frozenset(causes), "", True, HERE, becomes=becomes)


def _program(operation: Operation, own: list[str], source: random.Random) -> Program:
    client = Call("requests", "http", "GET", (), "f", HERE, timeout_s=5.0)
    condition = RetryCondition(exceptions=("Exception",))
    steps: list[Step] = []
    for key in range(len(own)):
        failed = Raise(("app.Failed", "Exception"), None, HERE)
        step: Step = Block((Send(client, key), Check(key, (">=500",), failed, NOTHING)))
        if source.random() < 0.3:
            step = Repeat(Retry("tenacity.retry", Count(3), None, condition, "", "f", HERE), step)
        steps.append(step)
    handler = Handler("flask", "http", "GET", "/", "f", HERE, Block(tuple(steps)), uncaught="500")
    return Program(operation, handler, tuple((key, (call,)) for key, call in enumerate(own)))


def main(sizes: list[int]) -> None:
    before: float | None = None
    for size in sizes:
        system, entry = build(size)
        gc.collect()
        started = time.process_time()
        found = amplify(system, (entry,))
        took = time.process_time() - started
        ratio = f"x{took / before:.1f}" if before else ""
        print(f"{size:>7} operations {len(system.calls):>7} calls {len(found.pairs):>7} pairs {took:8.2f} s {ratio}")
        before = took


if __name__ == "__main__":
    main([int(a) for a in sys.argv[1:]] or [1_000, 10_000, 100_000])
