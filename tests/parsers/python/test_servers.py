"""What receives: method and route of every framework's handlers, tasks, consumers and commands."""

from __future__ import annotations

import pytest

from parsers.facts.python import Handler, Listener
from tests.parsers.python.outline import facts, handlers


def routes(source: str, **others: str) -> set[str]:
    return {n for n, h in handlers({"app.py": source, **others}).items() if h.kind != "startup"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            """
from flask import Flask
app = Flask(__name__)
@app.route("/a/<int:n>", methods=["GET", "POST"])
def a(n): ...
@app.put("/b")
def b(): ...
""",
            {"GET /a/<int:n>", "POST /a/<int:n>", "PUT /b"},
        ),
        (
            """
from flask import Flask, Blueprint
inner = Blueprint("i", __name__, url_prefix="/i")
outer = Blueprint("o", __name__)
@inner.route("/x")
def x(): ...
outer.register_blueprint(inner)
app = Flask(__name__)
app.register_blueprint(outer, url_prefix="/o")
""",
            {"GET /o/i/x"},
        ),
        (
            """
from flask import Flask
from flask.views import MethodView
app = Flask(__name__)
class V(MethodView):
    def get(self): ...
    def post(self): ...
app.add_url_rule("/v", view_func=V.as_view("v"))
""",
            {"GET /v", "POST /v"},
        ),
        (
            """
from flask import Flask
from flask_restful import Api, Resource
api = Api(Flask(__name__), prefix="/api")
class R(Resource):
    def get(self): ...
api.add_resource(R, "/r")
""",
            {"GET /api/r"},
        ),
        (
            """
from fastapi import FastAPI, APIRouter
router = APIRouter(prefix="/r")
@router.get("/x/{id}")
def x(id): ...
v1 = APIRouter(prefix="/v1")
v1.include_router(router)
app = FastAPI()
app.include_router(v1, prefix="/api")
@app.api_route("/y", methods=["POST", "PUT"])
def y(): ...
""",
            {"GET /api/v1/r/x/{id}", "POST /y", "PUT /y"},
        ),
        (
            """
from starlette.applications import Starlette
from starlette.routing import Route, Mount
def x(request): ...
app = Starlette(routes=[Mount("/m", routes=[Route("/x", x, methods=["POST"])])])
""",
            {"POST /m/x"},
        ),
        (
            """
from aiohttp import web
async def a(request): ...
async def b(request): ...
app = web.Application()
app.router.add_get("/a", a)
app.add_routes([web.post("/b", b)])
""",
            {"GET /a", "POST /b"},
        ),
        (
            """
import tornado.web
class H(tornado.web.RequestHandler):
    def get(self, n): ...
app = tornado.web.Application([(r"/h/(\\d+)", H)])
""",
            {"GET /h/(\\d+)"},
        ),
        (
            """
import falcon
class R:
    def on_get(self, req, resp): ...
app = falcon.App()
app.add_route("/r", R())
""",
            {"GET /r"},
        ),
        (
            """
from sanic import Sanic, Blueprint
bp = Blueprint("b", url_prefix="/b")
@bp.get("/x")
async def x(request): ...
app = Sanic("a")
app.blueprint(bp)
""",
            {"GET /b/x"},
        ),
        ("from bottle import route\n@route('/x')\ndef x(): ...", {"GET /x"}),
        ("import boto3\ndef lambda_handler(event, context): ...", {"* *"}),
    ],
)
def test_routes_are_found_with_their_prefixes(source: str, expected: set[str]) -> None:
    assert routes(source) == expected


def test_django_urls_are_followed_through_includes_and_routers() -> None:
    files = {
        "shop/urls.py": """
            from django.urls import path, include
            from rest_framework.routers import DefaultRouter
            from shop.views import Orders, ping
            router = DefaultRouter()
            router.register("orders", Orders)
            urlpatterns = [
                path("api/", include(router.urls)),
                path("ping/<int:n>", ping),
                path("in/", include("inner.urls")),
            ]
        """,
        "shop/views.py": """
            from rest_framework.viewsets import ModelViewSet
            from rest_framework.decorators import action, api_view
            class Orders(ModelViewSet):
                def create(self, request): ...
                @action(detail=True, methods=["post"])
                def pay(self, request, pk): ...
            @api_view(["GET"])
            def ping(request, n): ...
        """,
        "inner/urls.py": """
            from django.urls import re_path
            from django.views import View
            class V(View):
                def get(self, request): ...
            urlpatterns = [re_path(r"^v/$", V.as_view())]
        """,
    }
    assert set(handlers(files)) == {
        "POST /api/orders/",
        "POST /api/orders/{pk}/pay/",
        "GET /ping/<int:n>",
        "GET /in/v/",
    }


def test_a_servicer_answers_under_its_services_full_name() -> None:
    files = {
        "app.py": """
            import grpc
            from gen import shop_pb2_grpc
            class Catalog(shop_pb2_grpc.CatalogServicer):
                def List(self, request, context): ...
        """,
        "shop.proto": "package shop.v1;\nservice Catalog {\n  rpc List(A) returns (B);\n}\n",
    }
    found = next(f for f in facts(files) if isinstance(f, Handler))
    assert (found.kind, found.route, found.uncaught) == ("grpc", "/shop.v1.Catalog/List", "grpc-unknown")


@pytest.mark.parametrize(
    ("source", "kind", "route"),
    [
        ("from celery import shared_task\n@shared_task(name='mail')\ndef send(): ...", "task", "mail"),
        ("import dramatiq\n@dramatiq.actor\ndef send(): ...", "task", "app.send"),
        (
            "from apscheduler.schedulers.background import BackgroundScheduler as B\ns = B()\n"
            "def job(): ...\ns.add_job(job, 'interval')",
            "cron",
            "app.job",
        ),
        ("import click\n@click.command()\ndef main(): ...", "cli", "app.main"),
        (
            "from kafka import KafkaConsumer as K\nc = K('orders')\ndef run():\n    for m in c:\n        print(m)",
            "consumer",
            "orders",
        ),
        (
            "import pika\nch = pika.BlockingConnection().channel()\ndef on(c, m, p, b): ...\n"
            "ch.basic_consume(queue='q', on_message_callback=on)",
            "consumer",
            "q",
        ),
    ],
)
def test_other_ways_in_are_found(source: str, kind: str, route: str) -> None:
    found = [f for f in facts({"app.py": source}) if isinstance(f, Handler)]
    assert [(f.kind, f.route) for f in found] == [(kind, route)]


def test_code_that_sends_when_it_is_loaded_is_a_way_in() -> None:
    found = [f for f in facts({"app.py": "import requests\nrequests.get('http://a/')"}) if isinstance(f, Handler)]
    assert [f.kind for f in found] == ["startup"]


def test_a_port_that_code_listens_on_is_told() -> None:
    source = "from flask import Flask\napp = Flask(__name__)\napp.run(port=8080)"
    assert [f.port for f in facts({"app.py": source}) if isinstance(f, Listener)] == [8080]
