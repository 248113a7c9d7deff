"""RA001: one request becomes too many.

Every layer that repeats a request multiplies what the layers below it send. When the last service of a chain fails,
it receives the product: the load is largest exactly when the service can bear it least.

Fix: keep the retry that is nearest to the failure and remove the others; ``meshgain explain`` shows each factor. The
limit is ``max-amplification`` in the configuration, for all or for an entry or a service by its name (10 where nothing
is written).

Source: docs/amplification.md.
Units: requests that arrive at the target for one request at the entry, at worst.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.amplification import Pair
from analyzer.context import Context
from analyzer.factors import factors
from analyzer.findings import Confidence, Finding, Severity
from analyzer.model import Operation, Precision
from analyzer.rules import Rule
from parsers.quantities import Count

LIMIT = 10
#: A number with parts that nobody knows is worth a look, not a failed build.
_SURE = {
    Precision.EXACT: Confidence.HIGH,
    Precision.UPPER_BOUND: Confidence.MEDIUM,
    Precision.UNKNOWN: Confidence.LOW,
}


def _check(context: Context) -> Iterator[Finding]:
    worst: dict[Operation, Pair] = {}
    for pair in context.amplification.pairs:
        known = worst.get(pair.target)
        if pair.worst > _limit(context, pair) and (known is None or pair.worst > known.worst):
            worst[pair.target] = pair
    for target in sorted(worst):
        yield from _finding(context, worst[target], _limit(context, worst[target]))


def _limit(context: Context, pair: Pair) -> Count:
    return Count(context.options.limit(str(pair.entry), str(pair.target), LIMIT))


def _finding(context: Context, pair: Pair, limit: Count) -> Iterator[Finding]:
    calls = [c for i in pair.chain if (c := context.graph.call(i)) is not None]
    if not calls:
        return
    way = " -> ".join((str(pair.entry), *(str(c.callee) for c in calls)))
    many = "an unbounded number of requests" if pair.worst.unbounded else f"up to {pair.worst} requests"
    yield RULE.at(
        calls[0].span,
        f"one request becomes {many} when {pair.target} answers {pair.cause} (the limit is {limit}): {way}",
        subject=f"{pair.entry}=>{pair.target}",
        evidence=tuple(e for c in calls for e in factors(c)),
        severity=Severity.WARNING if pair.precision is Precision.UNKNOWN else Severity.ERROR,
        confidence=_SURE[pair.precision],
    )


RULE = Rule("RA001", "retry-amplification", Severity.ERROR, _check)
