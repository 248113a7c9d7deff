"""Facts of progressive delivery: Flagger's Canaries, Argo Rollouts and what both look at, as written.

Source: fluxcd/flagger pkg/apis/flagger/v1beta1/canary.go; argoproj/argo-rollouts pkg/apis/rollouts/v1alpha1/types.go.
Units: weights in per cent of the requests, 0..100; durations in seconds.
Shape: lists in document order; ``None`` means not written. ``weights`` are what a controller makes of what is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from parsers.facts import Meta
from parsers.source import Span

#: Where a Canary's traffic ends unless ``maxWeight`` says otherwise (fluxcd/flagger pkg/controller/scheduler.go:43).
WHOLE = 100
#: Flagger makes at most so many steps of any sense: one a per cent.
_MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class CanaryMetric:
    """One metric a Canary looks at; ``bounded``: a threshold is written, so that it can fail."""

    name: str
    template: str | None
    bounded: bool
    span: Span


@dataclass(frozen=True, slots=True)
class CanaryHook:
    """One webhook of an analysis; ``kind`` is ``rollout`` where none is written."""

    name: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class CanaryAnalysis:
    """The ``analysis`` of a Canary. ``matched``: requests are chosen by headers (A/B), not by weight."""

    interval_s: float | None
    threshold: int | None
    max_weight: int | None
    step_weight: int | None
    step_weights: tuple[int, ...]
    iterations: int | None
    matched: bool
    mirror: bool
    metrics: tuple[CanaryMetric, ...]
    hooks: tuple[CanaryHook, ...]
    span: Span

    @property
    def progressive(self) -> bool:
        """Whether traffic moves by weights; with ``iterations`` it is switched at once."""
        return not self.iterations

    @property
    def weights(self) -> tuple[int, ...]:
        """The weights that the canary really gets, one after the other (pkg/controller/scheduler.go:43-86).

        ``stepWeight`` wins over ``stepWeights``; a list that does not increase stays where it is for ever.
        """
        if not self.progressive:
            return ()
        if self.step_weight:
            most = self._most(self.step_weights[-1] if self.step_weights else self.max_weight or WHOLE)
            steps = -(-most // self.step_weight)
            return tuple(min(WHOLE, self.step_weight * i) for i in range(1, min(steps, _MOST_STEPS) + 1))
        found: list[int] = []
        for weight in self.step_weights:
            if found and weight <= found[-1]:
                break
            found.append(min(WHOLE, weight))
        return tuple(found)

    @property
    def stuck_at(self) -> int | None:
        """The weight at which a list that does not increase never goes on."""
        own = self.step_weights
        if self.step_weight or not self.progressive:
            return None
        return next((a for a, b in pairwise(own) if b <= a), None)

    @staticmethod
    def _most(written: int) -> int:
        return max(0, min(WHOLE, written))


@dataclass(frozen=True, slots=True)
class Canary:
    """A Flagger ``Canary``. ``target`` is (kind, name); ``apex`` the name of the services that Flagger makes."""

    meta: Meta
    target: tuple[str, str]
    apex: str
    provider: str | None
    skip_analysis: bool
    analysis: CanaryAnalysis | None
    retries: bool  # ``service.retries`` is written
    span: Span


@dataclass(frozen=True, slots=True)
class MetricTemplate:
    """A Flagger ``MetricTemplate``: a query of one's own."""

    meta: Meta
    provider: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """One step of a canary: ``kind`` is the key written (setWeight, pause, analysis, experiment, ...)."""

    kind: str
    weight: int | None
    duration_s: float | None
    templates: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Rollout:
    """The strategy of an Argo ``Rollout``; its pods are a ``Workload``.

    ``strategy`` is ``canary``, ``blueGreen`` or ``""``. ``background``: templates that are looked at all the while
    (``canary.analysis``), or before and after the switch (``blueGreen``). ``routers``: who moves the traffic.
    ``routes``: names of VirtualServices and HTTPRoutes whose weights it writes.
    """

    meta: Meta
    strategy: str
    steps: tuple[RolloutStep, ...]
    background: tuple[str, ...]
    routers: tuple[str, ...]
    routes: tuple[str, ...]
    services: tuple[str, ...]
    auto_promotion: bool
    max_weight: int
    span: Span
    strategy_span: Span

    @property
    def weights(self) -> tuple[int, ...]:
        """The weights of its steps, in order, without repetitions; the last step leads to all of the traffic."""
        found: list[int] = []
        for step in self.steps:
            if step.weight is not None and (not found or step.weight != found[-1]):
                found.append(step.weight)
        return tuple(found)

    @property
    def analysed(self) -> bool:
        """Whether anything is measured: by an analysis or an experiment, as a step or in the background."""
        return bool(self.background) or any(s.kind in ("analysis", "experiment") for s in self.steps)


@dataclass(frozen=True, slots=True)
class AnalysisTemplate:
    """An Argo ``AnalysisTemplate`` or ``ClusterAnalysisTemplate``; ``judged``: metrics with a condition."""

    meta: Meta
    cluster: bool
    metrics: tuple[str, ...]
    judged: tuple[str, ...]
    span: Span
