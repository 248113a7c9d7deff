"""Client libraries of services outside: clouds, stores, model providers. Each call is one request to that service.

Source: the packages' own default endpoints: botocore ``endpoints.json``, redis-py ``connection.py``, pymongo
``mongo_client.py``, elasticsearch-py, openai and anthropic ``_client.py``, stripe ``__init__.py``, google-cloud-*.
Shape: the URL names the service (``https://s3.amazonaws.com``, ``redis://cache:6379``); retries of the client object
are its layers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from parsers.facts.python import Hole, Template
from parsers.python.clients import Client
from parsers.python.sending import Request, Sent, Site, call, seconds, urls
from parsers.python.value import NONE, Known, Made, Member, Table, Value, concatenate, constant_text, options, settled


@dataclass(frozen=True, slots=True)
class Sdk:
    """How one library names the service: its makers, arguments that hold an address, the address otherwise."""

    client: str
    protocol: str
    address: tuple[str, ...]
    default: str
    scheme: str = ""
    awaited: tuple[str, ...] = ()


_SDKS: dict[str, Sdk] = {
    "boto3": Sdk("boto3", "aws", ("endpoint_url",), ""),
    "aioboto3": Sdk("boto3", "aws", ("endpoint_url",), "", awaited=("aioboto3",)),
    "aiobotocore": Sdk("boto3", "aws", ("endpoint_url",), "", awaited=("aiobotocore",)),
    "redis": Sdk("redis", "redis", ("url", "host"), "localhost", "redis://", ("redis.asyncio",)),
    "aioredis": Sdk("redis", "redis", ("url", "address", "host"), "localhost", "redis://", ("aioredis",)),
    "pymongo": Sdk("pymongo", "mongodb", ("host",), "localhost", "mongodb://"),
    "motor": Sdk("pymongo", "mongodb", ("host",), "localhost", "mongodb://", ("motor",)),
    "elasticsearch": Sdk("elasticsearch", "http", ("hosts",), "http://localhost:9200", "", ("elasticsearch.Async",)),
    "opensearchpy": Sdk("opensearchpy", "http", ("hosts",), "http://localhost:9200", "", ("opensearchpy.Async",)),
    "openai": Sdk("openai", "https", ("base_url", "api_base"), "https://api.openai.com", "", ("openai.Async",)),
    "anthropic": Sdk("anthropic", "https", ("base_url",), "https://api.anthropic.com", "", ("anthropic.Async",)),
    "stripe": Sdk("stripe", "https", ("base_addresses",), "https://api.stripe.com"),
    "slack_sdk": Sdk("slack_sdk", "https", ("base_url",), "https://slack.com"),
    "twilio": Sdk("twilio", "https", (), "https://api.twilio.com"),
    "sendgrid": Sdk("sendgrid", "https", ("host",), "https://api.sendgrid.com"),
    "hvac": Sdk("hvac", "http", ("url",), "http://localhost:8200"),
    "consul": Sdk("consul", "http", ("host",), "localhost", "http://"),
    "influxdb_client": Sdk("influxdb", "http", ("url",), "http://localhost:8086"),
    "minio": Sdk("minio", "http", ("endpoint",), "localhost:9000"),
    "qdrant_client": Sdk("qdrant", "http", ("url", "host"), "http://localhost:6333"),
    "meilisearch": Sdk("meilisearch", "http", ("url",), "http://localhost:7700"),
}
#: Operations that send, where most attributes do not.
_STORE_OPERATIONS = frozenset(
    {
        "find",
        "find_one",
        "insert_one",
        "insert_many",
        "update_one",
        "update_many",
        "delete_one",
        "delete_many",
        "replace_one",
        "aggregate",
        "count_documents",
        "find_one_and_update",
        "find_one_and_delete",
        "bulk_write",
        "distinct",
        "estimated_document_count",
        "create_index",
    }
)
_QUIET = frozenset(
    {
        "close",
        "aclose",
        "pipeline",
        "register_script",
        "from_url",
        "get_waiter",
        "get_paginator",
        "meta",
        "lock",
        "client",
        "resource",
        "Session",
        "with_options",
        "copy",
        "options",
        "exceptions",
        "connection_pool",
        "list_collection_names",
        "Table",
        "Bucket",
        "Queue",
        "Object",
        "Topic",
        "can_paginate",
        "generate_presigned_url",
        "pubsub",
        "get_database",
        "get_collection",
        "get_default_database",
        "transaction",
        "monitor",
    }
)
_GOOGLE = {
    "storage": "storage",
    "pubsub_v1": "pubsub",
    "firestore": "firestore",
    "bigquery": "bigquery",
    "secretmanager": "secretmanager",
    "datastore": "datastore",
    "tasks_v2": "cloudtasks",
    "logging": "logging",
    "aiplatform": "aiplatform",
    "vision": "vision",
    "speech": "speech",
    "translate": "translate",
}


def _recognise(site: Site) -> Sent | None:
    root = site.qualified.partition(".")[0]
    if root == "google":
        return _google(site)
    sdk = _SDKS[root]
    maker = site.maker
    if maker is None:
        return _function(site, sdk) if root in ("openai", "stripe") else None
    if not isinstance(site.callee, Member) or not _sends(site, root):
        return None
    first = _first(site, maker)
    url = _service(site, first) if sdk.protocol == "aws" else _address(site, first, sdk)
    return _sent(site, sdk, url, first)


def _sends(site: Site, root: str) -> bool:
    attr = site.attr
    if root in ("pymongo", "motor"):
        return attr in _STORE_OPERATIONS
    return attr not in _QUIET and not attr.startswith("_")


def _sent(site: Site, sdk: Sdk, url: tuple[Template, ...], maker: Made | None) -> Sent:
    awaited = any(site.qualified.startswith(a) or (maker and maker.name.qualified.startswith(a)) for a in sdk.awaited)
    request = Request(
        client=sdk.client,
        method="*" if sdk.protocol != "https" else "POST",
        url=url,
        protocol=sdk.protocol,
        layers=site.layers(maker.call, maker.scope) if maker is not None else site.layers(site.node, site.scope),
        timeout=seconds(site.arg(None, "timeout") or (site.made_by(maker, None, "timeout") if maker else None)),
        bodies=(site.arg(None, "json"),),
    )
    return Sent(call(site, request), pending=bool(awaited), part="body")


def _first(site: Site, made: Made) -> Made:
    """The client object at the start of a chain of calls: ``boto3.resource("dynamodb").Table("x")``."""
    for _ in range(6):
        func = made.call.func
        if not isinstance(func, ast.Attribute):
            return made
        base = site.values.at(func.value, site.frame.deeper(made.scope, dict(made.bound)))
        inner = base.of if isinstance(base, Member) else base
        if not isinstance(inner, Made) or inner.name.scope is not None:
            return made
        made = inner
    return made


def _address(site: Site, maker: Made, sdk: Sdk) -> tuple[Template, ...]:
    given = next((v for n in sdk.address if (v := site.made_by(maker, None, n)) is not None), None)
    if given is None and sdk.address and maker.call.args and sdk.protocol in ("redis", "mongodb", "http"):
        given = site.made_by(maker, 0, sdk.address[0])
    if given is None or settled(given) == NONE:
        return ((f"{sdk.scheme}{sdk.default}",),)
    inner = settled(given)
    items = getattr(inner, "items", None)
    if isinstance(items, tuple) and items:
        given = _host(items[0]) or items[0]
    port = site.made_by(maker, None, "port")
    pieces: list[Value] = [given]
    if port is not None and settled(port) != NONE:
        pieces += [Known(":"), port]
    found = urls(concatenate(pieces))
    return tuple(t if "://" in str(t[:1]) or not sdk.scheme or _has_scheme(t) else (sdk.scheme, *t) for t in found)


def _host(value: Value) -> Value | None:
    inner = settled(value)
    return inner.get("host") if isinstance(inner, Table) else None


def _has_scheme(template: Template) -> bool:
    return any(isinstance(p, str) and "://" in p for p in template) or not isinstance(template[0], str | Hole)


def _service(site: Site, maker: Made) -> tuple[Template, ...]:
    """``boto3.client("s3")``: the service's endpoint, or the one that is given."""
    given = site.made_by(maker, None, "endpoint_url")
    if given is not None and settled(given) != NONE:
        return urls(given)
    names = [constant_text(o) for o in options(settled(site.made_by(maker, 0, "service_name") or NONE))]
    return tuple((f"https://{n}.amazonaws.com",) for n in names if n) or (("https://amazonaws.com",),)


def _function(site: Site, sdk: Sdk) -> Sent | None:
    """Module-level interfaces: ``openai.chat.completions.create``, ``stripe.Charge.create``."""
    if site.attr not in ("create", "retrieve", "list", "modify", "delete", "cancel", "confirm", "capture", "acreate"):
        return None
    return _sent(site, sdk, ((sdk.default,),), None) if site.qualified.count(".") >= 2 else None


def _google(site: Site) -> Sent | None:
    maker = site.maker
    parts = site.qualified.split(".")
    if maker is None or parts[:2] != ["google", "cloud"] or len(parts) < 4 or not isinstance(site.callee, Member):
        return None
    service = _GOOGLE.get(parts[2])
    if service is None or site.attr in _QUIET or "Client" not in maker.name.qualified or site.attr.endswith("_path"):
        return None
    sdk = Sdk("google-cloud", "https", (), f"https://{service}.googleapis.com")
    return _sent(site, sdk, ((sdk.default,),), _first(site, maker))


def _roots() -> Iterator[str]:
    yield from _SDKS
    yield "google"


SDKS = Client("sdks", frozenset(_roots()), _recognise)
