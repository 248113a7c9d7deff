"""gRPC: retries of a channel, written in its service config.

Source: grpc/grpc 1.85.1 src/core/client_channel/retry_service_config.cc (at most 5 attempts), measured.
Units: ``maxAttempts`` counts attempts; more than 5 is 5; below 2 the whole policy is invalid.
"""

from __future__ import annotations

import json

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, construct
from parsers.python.value import Items, Known, Made, Table, Value, constant_text, settled
from parsers.quantities import ONCE, Count

#: kMaxMaxRetryAttempts (src/core/client_channel/retry_service_config.cc).
MOST = 5
CHANNELS = (
    "grpc.insecure_channel",
    "grpc.secure_channel",
    "grpc.aio.insecure_channel",
    "grpc.aio.secure_channel",
)


def channel(written: Written) -> Retry | None:
    """A channel with ``options=[("grpc.service_config", json)]``; without it nothing is retried."""
    at = 2 if "secure_channel" in written.qualified and "insecure" not in written.qualified else 1
    given = settled(written.value("options", at=at) or Known(None))
    pairs = [settled(i) for i in given.items] if isinstance(given, Items) else []
    options = {_text(p.items[0]): p.items[1] for p in pairs if isinstance(p, Items) and len(p.items) == 2}
    if options.get("grpc.enable_retries") == Known(0) or "grpc.service_config" not in options:
        return None
    config = _config(options["grpc.service_config"], written)
    if config is None:
        unknown = RetryCondition(unknown=True)
        return written.retry("grpc.service_config", Amount(None), unknown)
    policies = [p for m in _list(config.get("methodConfig")) if isinstance(p := m.get("retryPolicy"), dict)]
    return _of_policies(policies, written)


def _of_policies(policies: list[dict[str, object]], written: Written) -> Retry | None:
    found = [(p, n) for p in policies if isinstance(n := p.get("maxAttempts"), int | float)]
    if not found:
        return None
    policy, most = max(found, key=lambda pair: pair[1])
    codes = policy.get("retryableStatusCodes")
    causes = tuple(f"grpc-{str(c).lower().replace('_', '-')}" for c in codes) if isinstance(codes, list) else ()
    bound = Amount(Count(min(MOST, int(most))) if most > 1 else ONCE)
    note = "maxAttempts below 2 is invalid: every call fails" if most < 2 else None
    return written.retry("grpc.service_config", bound, RetryCondition(causes=causes), note=note)


def _text(value: Value) -> str:
    return constant_text(value) or ""


def _list(value: object) -> list[dict[str, object]]:
    return [m for m in value if isinstance(m, dict)] if isinstance(value, list) else []


def _config(value: Value, written: Written) -> dict[str, object] | None:
    """The config: JSON text, or ``json.dumps`` of a literal."""
    value = settled(value)
    if isinstance(value, Made) and value.name.qualified == "json.dumps" and value.call.args:
        literal = written.values.evaluate(value.call.args[0], value.scope, dict(value.bound))
        plain = _plain(literal)
        return plain if isinstance(plain, dict) else None
    text = constant_text(value)
    try:
        loaded = json.loads(text) if text else None
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None


def _plain(value: Value) -> object:
    match settled(value):
        case Known(value=constant):
            return constant
        case Items(items=items):
            return [_plain(i) for i in items]
        case Table(pairs=pairs):
            return {str(_plain(k)): _plain(v) for k, v in pairs}
        case _:
            return None


GRPC = RetryIdiom("grpc", (construct(CHANNELS, (Role.CLIENT, Role.SITE), channel),))
