"""TM005: a canary's weights skip the usual steps, or do not add up.

A new version should meet 10 %, then 25 %, then 50 %, then all of the traffic, with a look at the metrics between. A
larger first step exposes more users to a bad version; weights that do not add up to 100 do not mean what they say,
because Istio takes them as proportions. The same holds for the steps that Flagger (``stepWeight``, ``stepWeights``) and
Argo Rollouts (``setWeight``) take by themselves, the last one to all of the traffic included.

Fix: use the next step, and weights that add up to 100.

Source: fluxcd/flagger pkg/controller/scheduler.go:43-86; argoproj/argo-rollouts utils/replicaset/canary.go:559-580;
istio/istio pilot/pkg/networking/core/route/route.go:686-706 (weights are relative); docs/standards.md, Canary.
Units: per cent of the requests of the route.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.rules import Rule
from parsers.facts.delivery import Canary, Rollout
from parsers.facts.istio import HttpRoute, VirtualService
from parsers.source import Span

STEPS = (0, 10, 25, 50, 100)


def _check(context: Context) -> Iterator[Finding]:
    yield from _routes(context)
    for canary in context.mesh.all(Canary):
        yield from _flagger(canary)
    for rollout in context.mesh.all(Rollout):
        if rollout.strategy == "canary":
            yield from _rollout(rollout)


def _routes(context: Context) -> Iterator[Finding]:
    for service in context.mesh.all(VirtualService):
        for route in service.http:
            weights = [d.weight or 0 for d in route.destinations]
            if len(weights) < 2 or not any(weights):
                continue
            subject = f"{service.meta.ns}/{service.meta.name}"
            if sum(weights) != 100:
                yield RULE.at(
                    route.span,
                    f"the weights of {subject} add up to {sum(weights)}, not 100: "
                    f"{_shares(route)} of the requests is what they mean",
                    subject=subject,
                )
            elif len(weights) == 2 and _versions(route) and min(weights) not in STEPS:
                yield RULE.at(
                    route.span,
                    f"the canary of {subject} gets {min(weights)} %, which is none of the steps 10, 25, 50 and 100",
                    subject=subject,
                    severity=Severity.NOTE,
                )


def _versions(route: HttpRoute) -> bool:
    """Two subsets of one host: two versions of one service, not a split between services."""
    return len({d.host for d in route.destinations}) == 1


def _shares(route: HttpRoute) -> str:
    total = sum(d.weight or 0 for d in route.destinations)
    return " and ".join(f"{100 * (d.weight or 0) / total:.0f} %" for d in route.destinations)


def _flagger(canary: Canary) -> Iterator[Finding]:
    subject, analysis = f"{canary.meta.ns}/{canary.apex}", canary.analysis
    if analysis is None or canary.skip_analysis or analysis.matched:
        return
    if analysis.iterations:
        yield RULE.at(
            analysis.span,
            f"the canary of {subject} gets all of the traffic at once, after {analysis.iterations} checks without any "
            "user: iterations is blue/green, no canary",
            subject=subject,
            severity=Severity.NOTE,
        )
    elif (stuck := analysis.stuck_at) is not None:
        yield RULE.at(
            analysis.span,
            f"the canary of {subject} never gets beyond {stuck} %: stepWeights has to increase",
            subject=subject,
        )
    else:
        yield from _too_far(subject, analysis.weights, analysis.span)


def _rollout(rollout: Rollout) -> Iterator[Finding]:
    subject, weights = f"{rollout.meta.ns}/{rollout.meta.name}", rollout.weights
    back = next(((a, b) for a, b in pairwise(weights) if b < a), None)
    if back is not None:
        said = (
            f"the canary of {subject} goes back from {back[0]} % to {back[1]} %: setWeight is not checked to increase"
        )
        yield RULE.at(rollout.strategy_span, said, subject=subject)
    else:
        yield from _too_far(subject, weights, rollout.strategy_span)


def _too_far(subject: str, weights: tuple[int, ...], span: Span) -> Iterator[Finding]:
    """No step may add more than the usual one does at that weight; the last one leads to all of the traffic."""
    own = [w for w in weights if w > 0]
    whole = [0, *own] if own and own[-1] >= STEPS[-1] else [0, *own, STEPS[-1]]
    for before, after in pairwise(whole):
        usual = _usual(before)
        if after - before > usual:
            way = " -> ".join(f"{w} %" for w in whole)
            said = f"the canary of {subject} goes from {before} % to {after} % in one step ({way})"
            yield RULE.at(span, f"{said}; of 10, 25, 50 and 100 %, the step there adds {usual}", subject=subject)
            return


def _usual(weight: int) -> int:
    """What the usual step adds to a weight: 10 up to 10 %, 15 up to 25 %, 25 up to 50 %, then 50."""
    return next((b - a for a, b in pairwise(STEPS) if a <= weight < b), STEPS[-1])


RULE = Rule("TM005", "canary-steps", Severity.WARNING, _check)
