"""Stripe: the module's functions retry twice, a ``StripeClient`` only if told to.

Source: stripe/stripe-python 16.1.0 stripe/__init__.py (max_network_retries = 2), _stripe_client.py, measured.
Units: ``max_network_retries`` counts retries.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import ONE, RetryIdiom, Role, construct, from_retries, numbered

CONDITION = RetryCondition(causes=("409", "5xx", "connect-failure", "reset", "timeout"))
_CLIENT = numbered("stripe.StripeClient", ("max_network_retries",), ONE, from_retries, CONDITION)
_WRITTEN = numbered("stripe.StripeClient", ("max_network_retries",), ONE, from_retries, CONDITION, only_given=True)

STRIPE = RetryIdiom(
    "stripe",
    (
        construct("stripe.StripeClient", Role.CLIENT, _CLIENT),
        construct("stripe.StripeClient", Role.SITE, _WRITTEN),
    ),
)
