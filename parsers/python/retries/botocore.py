"""boto3 and botocore: every client retries, also where nobody wrote it.

Source: boto/botocore 1.44.5 botocore/args.py, retries/standard.py, data/_retry.json, measured. Since 1.44.0 the default
mode is ``standard``: 3 attempts, DynamoDB 4; before it was ``legacy``: 5, DynamoDB 10.
Units: ``max_attempts`` of ``Config`` counts retries, ``total_max_attempts`` attempts; a client's quota stops at 36.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, amount, construct, from_retries, from_tries
from parsers.python.value import Known, Made, Table, constant_text, settled
from parsers.quantities import Count

CONFIGS = (
    "botocore.config.Config",
    "botocore.client.Config",
    "aiobotocore.config.AioConfig",
    "boto3.session.Config",
)
CLIENTS = (
    "boto3.client",
    "boto3.resource",
    "boto3.Session.client",
    "boto3.Session.resource",
    "boto3.session.Session.client",
    "boto3.session.Session.resource",
    "aioboto3.Session.client",
    "aioboto3.Session.resource",
    "aiobotocore.session.get_session.create_client",
    "aiobotocore.session.AioSession.create_client",
    "botocore.session.get_session.create_client",
)
CONDITION = RetryCondition(causes=("500", "502", "503", "504", "429", "connect-failure", "reset", "timeout"))
STANDARD, LEGACY = Count(3), Count(5)
DYNAMO_STANDARD, DYNAMO_LEGACY = Count(4), Count(10)
#: 500 tokens, 14 a retry, more for timeouts (botocore/retries/quota.py): one client stops here.
QUOTA = Count(36)


def config(written: Written) -> Retry | None:
    """``Config(retries={"max_attempts": 3, "mode": "standard"})``."""
    given = written.value("retries")
    if given is None:
        return None
    table = settled(given)
    if not isinstance(table, Table):
        return written.retry("botocore.Config", Amount(None), CONDITION)
    mode = constant_text(table.get("mode") or Known(None)) or "standard"
    total, retries = table.get("total_max_attempts"), table.get("max_attempts")
    default = Amount(LEGACY if mode == "legacy" else STANDARD)
    bound = amount(total, default, from_tries) if total is not None else amount(retries, default, from_retries)
    if mode != "legacy" and bound.attempts is not None and bound.attempts > QUOTA:
        bound = Amount(QUOTA)
    return written.retry("botocore.Config", bound, CONDITION)


def client(written: Written) -> Retry | None:
    """A client or a resource: its ``config=``, or the default of its service."""
    made = settled(written.value("config") or Known(None))
    if isinstance(made, Made) and made.name.qualified in CONFIGS:
        found = config(Written(made.call, made.name.qualified, made.scope, written.values, dict(made.bound)))
        if found is not None:
            return found
    service = constant_text(written.value("service_name", at=0) or Known(None)) or ""
    default = DYNAMO_STANDARD if service.startswith("dynamodb") else STANDARD
    note = "botocore >= 1.44 default; before that legacy mode: 5, DynamoDB 10"
    return written.retry("boto3.client", Amount(default), CONDITION, note=note)


BOTOCORE = RetryIdiom(
    "botocore",
    (
        construct(CONFIGS, (Role.CLIENT, Role.SITE), config),
        construct(CLIENTS, Role.CLIENT, client),
    ),
)
