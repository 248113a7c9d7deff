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
_MODULES = [
    "aio_pika",
    "aioboto3",
    "aiobotocore",
    "aiohttp",
    "aiohttp_retry",
    "aiokafka",
    "aioredis",
    "anthropic",
    "apscheduler",
    "asyncpg",
    "azure",
    "backoff",
    "bottle",
    "boto3",
    "botocore",
    "celery",
    "channels",
    "cherrypy",
    "click",
    "circuitbreaker",
    "confluent_kafka",
    "connexion",
    "cohere",
    "databases",
    "django",
    "dramatiq",
    "dubbo",
    "elasticsearch",
    "falcon",
    "fastapi",
    "flask",
    "flask_restful",
    "flask_restx",
    "gevent",
    "google",
    "groq",
    "grpc",
    "grpc_interceptor",
    "grpclib",
    "huey",
    "http",
    "httplib2",
    "httpcore",
    "httpx",
    "hypercorn",
    "hug",
    "jsonrpcclient",
    "kafka",
    "kombu",
    "litestar",
    "litellm",
    "mangum",
    "mistralai",
    "motor",
    "nameko",
    "ninja",
    "openai",
    "opnieuw",
    "pika",
    "psycopg",
    "psycopg2",
    "pybreaker",
    "pycurl",
    "pymongo",
    "pymysql",
    "pyramid",
    "quart",
    "ratelimit",
    "redis",
    "requests",
    "requests_toolbelt",
    "responder",
    "retry",
    "retrying",
    "retry2",
    "retry_requests",
    "robyn",
    "rq",
    "sanic",
    "schedule",
    "socket",
    "socketserver",
    "sqlalchemy",
    "stamina",
    "starlette",
    "stomp",
    "tenacity",
    "tornado",
    "treq",
    "twisted",
    "typer",
    "urllib",
    "urllib2",
    "urllib3",
    "uvicorn",
    "websocket",
    "websockets",
    "werkzeug",
    "wsgiref",
    "xmlrpc",
    "zeep",
    "nats",
    "dapr",
    "temporalio",
    "hyx",
    "riprova",
]
_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:[\w., \t]*[ ,\t.])?(?:" + "|".join(_MODULES).encode() + rb")\b", re.M
)
_EXCEPT = re.compile(rb"^[ \t]*except\b", re.M)
_LOOP = re.compile(rb"^[ \t]*(?:async[ \t]+for|for|while)\b", re.M)


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
    """True where code may send, receive or repeat: it imports what does, or has both a loop and an ``except``."""
    if _IMPORT.search(raw):
        return True
    return b"except" in raw and _EXCEPT.search(raw) is not None and _LOOP.search(raw) is not None
