"""keystoneauth1: sessions and adapters that repeat by kind of failure.

Source: openstack/keystoneauth 5.18.1 keystoneauth1/session.py, measured. Units: both counters are retries.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import ONE, RetryIdiom, Role, Written, amount, construct, from_retries, largest

NAMES = (
    "keystoneauth1.session.Session",
    "keystoneauth1.adapter.Adapter",
    "keystoneauth1.loading.load_adapter_from_conf_options",
    "keystoneauth1.loading.load_session_from_conf_options",
)
KINDS = (("connect_retries", "connect-failure"), ("status_code_retries", "503"))


def read(written: Written) -> Retry | None:
    """``Adapter(connect_retries=2, status_code_retries=2)``."""
    given = [(name, cause) for name, cause in KINDS if written.expression(name) is not None]
    if not given:
        return None
    bound = largest([amount(written.value(name), ONE, from_retries) for name, _ in given])
    condition = RetryCondition(causes=tuple(cause for _, cause in given))
    return written.retry("keystoneauth1.Adapter", bound, condition)


KEYSTONEAUTH = RetryIdiom("keystoneauth", (construct(NAMES, (Role.CLIENT, Role.SITE), read),))
