"""Slack: handlers that each repeat their kind of failure; one repeats broken connections by default.

Source: slackapi/python-slack-sdk 3.47.0 slack_sdk/http_retry/builtin_handlers.py, measured.
Units: ``max_retry_count`` counts retries, 1 by default.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, Written, construct, from_retries, numbered
from parsers.quantities import Count

TWO = Amount(Count(2))
DROPPED = RetryCondition(causes=("connect-failure", "reset"))
CLIENTS = ("slack_sdk.WebClient", "slack_sdk.web.WebClient", "slack_sdk.web.client.WebClient",
           "slack_sdk.WebhookClient",
           "slack_sdk.web.async_client.AsyncWebClient", "slack_sdk.webhook.WebhookClient")  # fmt: skip
HANDLERS = {
    "RateLimitErrorRetryHandler": RetryCondition(causes=("429",)),
    "ServerErrorRetryHandler": RetryCondition(causes=("500", "503")),
    "ConnectionErrorRetryHandler": DROPPED,
    "AsyncRateLimitErrorRetryHandler": RetryCondition(causes=("429",)),
    "AsyncConnectionErrorRetryHandler": DROPPED,
}
MODULES = (
    "slack_sdk.http_retry",
    "slack_sdk.http_retry.builtin_handlers",
    "slack_sdk.http_retry.builtin_async_handlers",
)


def client(written: Written) -> Retry | None:
    """A client: two attempts when the connection breaks."""
    return written.retry("slack_sdk.WebClient", TWO, DROPPED)


def handler(written: Written) -> Retry | None:
    """``RateLimitErrorRetryHandler(max_retry_count=2)``."""
    name = written.qualified.rpartition(".")[2]
    read = numbered(f"slack_sdk.{name}", ("max_retry_count",), TWO, from_retries, HANDLERS[name], at=0)
    return read(written)


SLACK_SDK = RetryIdiom(
    "slack_sdk",
    (
        construct(CLIENTS, Role.CLIENT, client),
        construct(tuple(f"{m}.{name}" for m in MODULES for name in HANDLERS), (Role.CLIENT, Role.SITE), handler),
    ),
)
