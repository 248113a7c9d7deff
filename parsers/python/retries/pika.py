"""pika: attempts to connect.

Source: pika/pika 1.4.4 pika/connection.py Parameters.DEFAULT_CONNECTION_ATTEMPTS = 1, measured. Units: attempts.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import ONE, RetryIdiom, Role, construct, from_tries, numbered

_READ = numbered(
    "pika.ConnectionParameters",
    ("connection_attempts",),
    ONE,
    from_tries,
    RetryCondition(causes=("connect-failure", "timeout")),
    only_given=True,
)

PIKA = RetryIdiom("pika", (construct("pika.ConnectionParameters", (Role.CLIENT, Role.SITE), _READ),))
