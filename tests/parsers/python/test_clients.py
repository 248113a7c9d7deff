"""What each library sends: address, method, timeout, headers, body, and what its response tells."""

from __future__ import annotations

import pytest

from parsers.facts.python import Call
from tests.parsers.python.outline import calls, url


def one(source: str, **others: str) -> Call:
    found = calls({"app.py": source, **others})
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("source", "client", "method", "address"),
    [
        ("import requests\nrequests.get('http://a/x')", "requests", "GET", "http://a/x"),
        ("from requests import post as p\np('http://a/x')", "requests", "POST", "http://a/x"),
        ("import requests\nrequests.request('PUT', url='http://a/x')", "requests", "PUT", "http://a/x"),
        ("import requests\ns = requests.Session()\ns.delete('http://a/x')", "requests", "DELETE", "http://a/x"),
        ("import requests\nwith requests.Session() as s:\n    s.get('http://a/x')", "requests", "GET", "http://a/x"),
        (
            "import requests\ns = requests.Session()\nr = requests.Request('GET', 'http://a/x').prepare()\ns.send(r)",
            "requests",
            "GET",
            "http://a/x",
        ),
        (
            "from requests_toolbelt.sessions import BaseUrlSession\nBaseUrlSession('http://a/v1/').get('x')",
            "requests",
            "GET",
            "http://a/v1/x",
        ),
        ("import httpx\nhttpx.get('http://a/x')", "httpx", "GET", "http://a/x"),
        ("import httpx\nc = httpx.Client(base_url='http://a/v1')\nc.get('/x')", "httpx", "GET", "http://a/v1/x"),
        ("import httpx\nwith httpx.stream('GET', 'http://a/x') as r:\n    pass", "httpx", "GET", "http://a/x"),
        ("from urllib.request import urlopen\nurlopen('http://a/x')", "urllib", "GET", "http://a/x"),
        ("from urllib.request import urlopen\nurlopen('http://a/x', data=b'1')", "urllib", "POST", "http://a/x"),
        (
            "import urllib.request as u\nu.urlopen(u.Request('http://a/x', method='PUT'))",
            "urllib",
            "PUT",
            "http://a/x",
        ),
        ("import urllib3\nurllib3.PoolManager().request('GET', 'http://a/x')", "urllib3", "GET", "http://a/x"),
        (
            "import http.client\nc = http.client.HTTPConnection('a', 8080)\nc.request('GET', '/x')",
            "http.client",
            "GET",
            "http://a:8080/x",
        ),
        ("import httplib2\nhttplib2.Http().request('http://a/x', 'POST')", "httplib2", "POST", "http://a/x"),
        ("import openai\nc = openai.OpenAI()\nc.chat.completions.create()", "openai", "POST", "https://api.openai.com"),
        ("import boto3\nboto3.client('s3').get_object()", "boto3", "*", "https://s3.amazonaws.com"),
        ("import redis\nredis.Redis(host='cache', port=6379).get('k')", "redis", "*", "redis://cache:6379"),
        ("import pymongo\npymongo.MongoClient('mongodb://db')['a']['b'].find_one()", "pymongo", "*", "mongodb://db"),
        (
            "from kafka import KafkaProducer\nKafkaProducer(bootstrap_servers='k:9092').send('orders', b'')",
            "kafka",
            "*",
            "kafka://k:9092/orders",
        ),
    ],
)
def test_a_send_is_recognised(source: str, client: str, method: str, address: str) -> None:
    found = one(source)
    assert (found.client, found.method, url(found.url[0])) == (client, method, address)


@pytest.mark.parametrize(
    "source",
    [
        "d = {'a': 1}\nd.get('a')",
        "import requests\nrequests.Session()",
        "import requests\nrequests.exceptions.HTTPError('x')",
        "import httpx\nhttpx.Client()",
        "from flask import request\nrequest.args.get('http://a')",
        "import os\nos.environ.get('http://a')",
    ],
)
def test_what_sends_nothing_is_no_call(source: str) -> None:
    assert calls({"app.py": source}) == []


def test_asynchronous_clients_send_when_awaited() -> None:
    source = """
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession('http://a') as session:
        async with session.get('/x') as response:
            return await response.json()
asyncio.run(main())
"""
    found = one(source)
    assert (found.client, url(found.url[0]), found.timeout_s) == ("aiohttp", "http://a/x", 300.0)


@pytest.mark.parametrize(
    ("call", "seconds", "known"),
    [
        ("requests.get('http://a')", None, True),
        ("requests.get('http://a', timeout=3)", 3.0, True),
        ("requests.get('http://a', timeout=(1, 7))", 7.0, True),
        ("requests.get('http://a', timeout=limit())", None, False),
        ("httpx.get('http://a')", 5.0, True),
        ("httpx.get('http://a', timeout=None)", None, True),
        ("httpx.get('http://a', timeout=httpx.Timeout(9, read=2))", 2.0, True),
        ("httpx.Client(timeout=4).get('http://a')", 4.0, True),
    ],
)
def test_timeouts_are_read_or_said_to_be_unreadable(call: str, seconds: float | None, known: bool) -> None:
    found = one(f"import requests, httpx\n{call}")
    assert (found.timeout_s, found.timeout_known) == (seconds, known)


def test_an_idempotency_key_is_seen_in_headers_and_bodies() -> None:
    assert one("import requests\nrequests.post('http://a', headers={'Idempotency-Key': 'x'})").idempotency_key
    assert one("import requests\nrequests.post('http://a', json={'idempotency_key': 'x'})").idempotency_key
    assert not one("import requests\nrequests.post('http://a', headers={'X-Request-Id': 'x'})").idempotency_key


def test_a_literal_body_is_measured() -> None:
    assert one("import requests\nrequests.post('http://a', data=b'x' * 2097152)").body_bytes == 2097152


def test_urllib_raises_on_statuses_and_requests_does_not() -> None:
    assert one("from urllib.request import urlopen\nurlopen('http://a')").raised == "urllib.error.HTTPError"
    assert one("import requests\nrequests.get('http://a')").raised is None


def test_a_stub_leads_to_the_full_method_and_the_channels_target() -> None:
    source = """
import os, grpc
from gen import shop_pb2_grpc
channel = grpc.insecure_channel(os.environ["CATALOG_ADDR"])
stub = shop_pb2_grpc.CatalogStub(channel)
stub.List(None, timeout=2)
"""
    found = one(source, **{"shop.proto": "package shop.v1;\nservice Catalog {\n  rpc List(A) returns (B);\n}\n"})
    assert (found.client, found.method, url(found.url[0]), found.timeout_s) == (
        "grpc",
        "/shop.v1.Catalog/List",
        "${CATALOG_ADDR}",
        2.0,
    )


def test_a_method_of_a_channel_is_a_call_too() -> None:
    source = "import grpc\nc = grpc.insecure_channel('a:50051')\nc.unary_unary('/p.S/M')(None)"
    assert one(source).method == "/p.S/M"


def test_a_task_is_called_by_the_name_it_is_known_under() -> None:
    source = """
from celery import Celery
app = Celery("x")
@app.task(name="mail.send")
def send(to):
    pass
send.delay("a")
app.send_task("mail.send")
"""
    found = calls({"app.py": source})
    assert {(c.protocol, url(c.url[0])) for c in found} == {("task", "mail.send")}


def test_a_client_class_in_another_package_is_followed() -> None:
    client = """
import requests
class Users:
    def __init__(self, base):
        self.base = base
        self.session = requests.Session()
    def get(self, name):
        return self.session.get(f"{self.base}/users/{name}")
"""
    source = "from shared.users import Users\nusers = Users('http://users')\nusers.get('x')"
    found = calls({"svc/app.py": source, "svc/shared/__init__.py": "", "svc/shared/users.py": client})
    assert [url(c.url[0]) for c in found] == ["http://users/users/x"]


def test_a_registry_of_clients_gives_the_client_that_was_put_into_it() -> None:
    source = """
import httpx
class Registry:
    clients = {}
    @classmethod
    def of(cls, name):
        if name not in cls.clients:
            cls.clients[name] = httpx.Client(base_url=f"http://{name}:80")
        return cls.clients[name]
def tool():
    return Registry.of("feed").get("/x")
"""
    assert [url(c.url[0]) for c in calls({"app.py": source})] == ["http://feed:80/x"]


def test_what_is_attached_to_the_application_is_found_where_it_is_used() -> None:
    source = """
from aiohttp import web, ClientSession
async def start(app):
    app["session"] = ClientSession("http://a")
async def handle(request):
    async with request.app["session"].get("/x") as response:
        return web.json_response(await response.json())
app = web.Application()
app.router.add_get("/", handle)
"""
    assert [url(c.url[0]) for c in calls({"app.py": source})] == ["http://a/x"]


def test_a_load_generators_requests_are_calls() -> None:
    source = """
from locust import HttpUser, task
class User(HttpUser):
    host = "http://shop"
    @task
    def index(self):
        self.client.get("/cart")
"""
    assert [url(c.url[0]) for c in calls({"app.py": source})] == ["http://shop/cart"]
