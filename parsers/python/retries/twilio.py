"""Twilio: an HTTP client with an adapter, for ``https`` only.

Source: twilio/twilio-python 9.13.0 twilio/http/http_client.py, measured. Units: ``max_retries`` counts retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import CONNECTION, IDEMPOTENT, ONE, RetryIdiom, Role, construct, from_retries, numbered

CONDITION = RetryCondition(causes=CONNECTION, methods=IDEMPOTENT)
_READ = numbered("twilio.TwilioHttpClient", ("max_retries",), ONE, from_retries, CONDITION, only_given=True)

TWILIO = RetryIdiom("twilio", (construct("twilio.http.http_client.TwilioHttpClient", (Role.CLIENT, Role.SITE), _READ),))
