"""The application's own layers around a call, and which causes each of them repeats on.

Shape: outermost first: what encloses the place that sends, then what the client does itself.
Source: which exception a client raises for a cause is in ``analyzer.exceptions``.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.exceptions import caught, kinds, raised_by
from analyzer.linking.sites import Site
from analyzer.model import Layer
from parsers.facts.python import Call, Check, Next, Raise, Repeat, Retry, Step, children

#: Causes that no status tells.
NETWORK = ("connect-failure", "reset", "timeout", "truncated")
_SDK = frozenset(["aws", "s3", "sqs", "dynamodb", "openai", "anthropic", "gcp", "azure", "stripe"])


def app_layers(site: Site) -> tuple[Layer, ...]:
    """Every layer that repeats the site's request before the mesh sees it."""
    around = tuple(_layer(r.retry, "app", _fires(r, site)) for r in site.repeats)
    kind = "sdk" if site.call.protocol in _SDK else "app"
    inside = tuple(_layer(r, kind, frozenset((*r.condition.causes, *r.condition.statuses))) for r in site.call.layers)
    return (*around, *inside)


def _layer(retry: Retry, kind: str, fires_on: frozenset[str]) -> Layer:
    attempts = retry.attempts or retry.default
    return Layer(
        kind=kind,
        name=retry.idiom.removeprefix("decorator:"),
        attempts=attempts,
        retries_on=retry.condition.words(),
        fires_on=fires_on,
        declared=retry.declared,
        effective=bool(fires_on),
        span=retry.span,
        note=retry.note or (None if retry.attempts else _dynamic(retry)),
        methods=retry.condition.methods,
        per_try_timeout_s=retry.per_try_timeout_s,
        timeout_s=_last_start_s(retry),
        min_wait_s=retry.min_wait_s,
    )


def _last_start_s(retry: Retry) -> float | None:
    """Before when an attempt must start: the deadline is looked at after an attempt, then comes the wait."""
    return retry.deadline_s + retry.min_wait_s if retry.deadline_s is not None else None


def _dynamic(retry: Retry) -> str:
    if retry.default is not None:
        return f"attempts decided at run time; {retry.default} where nothing else is said"
    return "attempts decided at run time"


def _fires(repeat: Repeat, site: Site) -> frozenset[str]:
    """Causes of the call that make the layer run its body again."""
    condition = repeat.retry.condition
    found = set(condition.statuses) | set(condition.causes)
    if condition.unknown:
        return frozenset({"4xx", "5xx", "grpc-*", *NETWORK})
    if condition.result and not condition.statuses:
        found.add("5xx")
    if condition.exceptions:
        found |= {c for c in NETWORK if _taken(repeat, site.call, c)}
        if site.call.protocol == "grpc" and _taken(repeat, site.call, "grpc-unavailable"):
            found.add("grpc-*")
        found |= set(_raised_statuses(repeat, site))
    found |= set(_continued_statuses(repeat.body, site.key))
    return frozenset(found)


def _taken(repeat: Repeat, call: Call, cause: str) -> bool:
    """Whether the exception that the client raises for a cause is one the layer repeats on."""
    classes = raised_by(call.client, cause)
    condition = repeat.retry.condition
    if not classes:
        return True
    return any(
        caught(kinds((c,)), condition.exceptions) is not False
        and caught(kinds((c,)), condition.not_exceptions) is not True
        for c in classes
    )


def _raised_statuses(repeat: Repeat, site: Site) -> Iterator[str]:
    """Statuses that become an exception inside the layer, by the client or by a check, and are repeated on."""
    condition = repeat.retry.condition

    def repeated(classes: tuple[str, ...]) -> bool:
        own = kinds(classes)
        return caught(own, condition.exceptions) is not False and caught(own, condition.not_exceptions) is not True

    if site.call.raises and repeated((site.call.raised or "Exception",)):
        yield from site.call.raises
    for statuses, raised in _checks(repeat.body, site.key):
        if repeated(raised.classes or ("Exception",)):
            yield from statuses


def _checks(step: Step, key: int) -> Iterator[tuple[tuple[str, ...], Raise]]:
    if isinstance(step, Check) and step.key == key:
        yield from ((step.statuses, r) for r in _direct(step.then) if isinstance(r, Raise))
    for child in children(step):
        yield from _checks(child, key)


def _continued_statuses(step: Step, key: int) -> Iterator[str]:
    """Statuses on which a hand-written loop goes on with ``continue``."""
    if isinstance(step, Check) and step.key == key and any(isinstance(s, Next) for s in _direct(step.then)):
        yield from step.statuses
    for child in children(step):
        yield from _continued_statuses(child, key)


def _direct(step: Step) -> Iterator[Step]:
    yield step
    for child in children(step):
        yield from _direct(child)
