"""PyMongo: reads and most writes are repeated once.

Source: mongodb/mongo-python-driver 4.20.0 pymongo/synchronous/mongo_client.py, measured.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import ONE, Amount, RetryIdiom, Role, Written, construct
from parsers.python.value import Known
from parsers.quantities import Count

CONDITION = RetryCondition(causes=("connect-failure", "reset", "timeout"))
CLIENTS = ("pymongo.MongoClient", "pymongo.AsyncMongoClient", "motor.motor_asyncio.AsyncIOMotorClient")


def client(written: Written) -> Retry | None:
    """``MongoClient(retryWrites=False, retryReads=False)`` does not repeat."""
    off = all(written.value(flag) == Known(value=False) for flag in ("retryWrites", "retryReads"))
    return written.retry("pymongo.MongoClient", ONE if off else Amount(Count(2)), CONDITION)


PYMONGO = RetryIdiom("pymongo", (construct(CLIENTS, Role.CLIENT, client),))
