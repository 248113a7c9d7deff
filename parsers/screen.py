"""Which files can matter, from their names and bytes alone: what is cheap to say before anything is parsed.

Sound, not complete: what is screened out cannot hold what the parsers look for; what passes may hold nothing.
Structure decides, never a list of words about retrying: such lists miss one hand-written loop in ten.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_TEST_FOLDERS = frozenset(("test", "tests", "testdata", "__tests__", "e2e", "unittests"))
_TEST_FILE = re.compile(r"(?:test_.*|.*_test|conftest)\.py")

_MANIFEST = re.compile(rb"""\bkind["']?\s*:""")

#: Modules that send, receive, retry or run tasks. An import of anything under them matters; names come from the
#: import statement, so that an alias cannot hide one.
_MODULES = (
    rb"aio_pika|aioboto3|aiobotocore|aiohttp|aiohttp_retry|aiokafka|aioredis|anthropic|apscheduler|asyncpg|"
    rb"azure|backoff|boto3|botocore|bottle|celery|channels|cherrypy|circuitbreaker|click|cohere|"
    rb"confluent_kafka|connexion|dapr|databases|django|dramatiq|dubbo|elasticsearch|falcon|fastapi|flask|"
    rb"flask_restful|flask_restx|gevent|google|groq|grpc|grpc_interceptor|grpclib|http|httpcore|httplib2|"
    rb"httpx|huey|hug|hypercorn|hyx|jsonrpcclient|kafka|kombu|litellm|litestar|mangum|mistralai|motor|"
    rb"nameko|nats|ninja|openai|opnieuw|pika|psycopg|psycopg2|pybreaker|pycurl|pymongo|pymysql|pyramid|"
    rb"quart|ratelimit|redis|requests|requests_toolbelt|responder|retry|retry2|retry_requests|retrying|"
    rb"riprova|robyn|rq|sanic|schedule|socket|socketserver|sqlalchemy|stamina|starlette|stomp|temporalio|"
    rb"tenacity|tornado|treq|twisted|typer|urllib|urllib2|urllib3|uvicorn|websocket|websockets|werkzeug|"
    rb"wsgiref|xmlrpc|zeep"
)
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(?:[\w., \t]*[ ,\t.])?(?:" + _MODULES + rb")\b", re.M)
_EXCEPT = re.compile(rb"^[ \t]*except\b", re.M)
_LOOP = re.compile(rb"^[ \t]*(?:async[ \t]+for|for|while)\b", re.M)
_COUNTED = re.compile(rb"^[ \t]*for\b[^\n]{1,80}\bin[ \t]+(?:itertools\.)?(?:range|count)\(", re.M)
_FUNCTION = re.compile(rb"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.M)
#: Decorators of the language, of typing, data classes and test frameworks: no other name can be told from a retry's.
_DECORATED = re.compile(
    rb"^[ \t]*@(?!(?:property|staticmethod|classmethod|dataclass|dataclasses|overload|override|final|abstractmethod|abc"
    rb"|cached_property|functools|contextmanager|contextlib|typing|pytest|unittest|mock|wraps|total_ordering|lru_cache"
    rb"|cache|attr|attrs|define|frozen|enum|unique|field_validator|model_validator|validator|hookimpl)\b"
    rb"|\w+\.(?:setter|getter|deleter)\b)",
    re.M,
)


def is_test(path: str) -> bool:
    """True for what tests the system and is no part of it: ``tests/``, ``test_x.py``, ``x_test.py``, ``conftest.py``.

    Whole folder names only: ``test-service`` and ``latest`` are not tests.
    """
    parts = PurePosixPath(path).parts
    return any(part in _TEST_FOLDERS for part in parts[:-1]) or _TEST_FILE.fullmatch(parts[-1]) is not None


def yaml_matters(raw: bytes) -> bool:
    """True where a document may state a kind. A file that a dialect claims by its name matters anyhow."""
    return _MANIFEST.search(raw) is not None


def python_matters(raw: bytes) -> bool:
    """True where code may send, receive or repeat.

    It imports what does, decorates a function with what may, counts a loop, or has an ``except`` together with a loop
    or with a function that may call itself. What only calls the tree's own wrappers is reached from its callers.
    """
    if _IMPORT.search(raw) or _DECORATED.search(raw) or _COUNTED.search(raw):
        return True
    if b"except" not in raw or _EXCEPT.search(raw) is None:
        return False
    return _LOOP.search(raw) is not None or any(raw.count(name + b"(") > 1 for name in _names(raw))


def _names(raw: bytes) -> set[bytes]:
    """Functions defined here; more than a few hundred are not looked at one by one."""
    return set(_FUNCTION.findall(raw)[:500])
