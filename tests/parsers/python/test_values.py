"""What expressions evaluate to, as far as the code tells."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.python.module import Assigned
from parsers.python.program import Program
from parsers.python.value import Default, Either, Items, Known, Unknown, Value, templates
from parsers.python.values import Values
from parsers.source import MemoryTree
from tests.parsers.python.outline import url


def value(source: str, name: str = "X", **others: str) -> Value:
    """The value of a module's name."""
    files = {"app.py": dedent(source), **{f"{n}.py": dedent(t) for n, t in others.items()}}
    program = Program(MemoryTree(files))
    module = program.module("app.py")
    assert module is not None
    binding = module.scope.bindings[name][-1]
    assert isinstance(binding, Assigned)
    assert binding.value is not None
    return Values(program).evaluate(binding.value, module.scope)


def text(source: str, **others: str) -> str:
    found = [url(t) for t in templates(value(source, **others))]
    return " | ".join(found)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("f'{A}/x'", "http://a/x"),
        ("A + '/x'", "http://a/x"),
        ("'{}/x'.format(A)", "http://a/x"),
        ("'{0}/{n}'.format(A, n=3)", "http://a/3"),
        ("'%s/%d' % (A, 3)", "http://a/3"),
        ("'%(a)s/x' % {'a': A}", "http://a/x"),
        ("'/'.join([A, 'x'])", "http://a/x"),
        ("urljoin(A + '/v1/', 'x')", "http://a/v1/x"),
        ("urljoin(A + '/v1/', '/x')", "http://a/x"),
        ("(A + '/').rstrip('/') + '/x'", "http://a/x"),
        ("yarl.URL(A) / 'x'", "http://a/x"),
        ("A.replace('a', 'b')", "http://b"),
        ("{'k': A}['k']", "http://a"),
        ("{'k': A}.get('other', 'http://d')", "http://d"),
        ("(lambda p: A + p)('/x')", "http://a/x"),
        ("partial(make, 'x')(2)", "http://a/x/2"),
        ("make('x', n=1)", "http://a/x/1"),
        ("A if True else B", "http://a"),
    ],
)
def test_texts_are_put_together(expression: str, expected: str) -> None:
    source = f"""
from functools import partial
from urllib.parse import urljoin
import yarl
A = "http://a"
def make(path, n):
    return f"{{A}}/{{path}}/{{n}}"
X = {expression}
"""
    assert text(source) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("os.environ['A']", "${A}"),
        ("os.getenv('A', 'http://d')", "${A:http://d}"),
        ("os.environ.get('A') or 'http://d'", "${A:http://d}"),
        ("'d' if os.environ.get('A') is None else os.environ.get('A')", "${A:d}"),
        ("os.environ['A'] if 'A' in os.environ else 'd'", "${A:d}"),
        ("f\"http://{os.environ['HOST']}:{os.getenv('PORT', '80')}/x\"", "http://${HOST}:${PORT:80}/x"),
        ("config('A', default='http://d')", "${A:http://d}"),
        ("env('A', 'http://d')", "${A:http://d}"),
        ("env.str('A')", "${A}"),
    ],
)
def test_the_environment_stays_a_part_of_the_text(expression: str, expected: str) -> None:
    source = f"""
import os
from decouple import config
from environs import Env
env = Env()
X = {expression}
"""
    assert text(source) == expected


def test_a_number_from_the_environment_is_known_only_as_a_default() -> None:
    found = value("import os\nX = int(os.environ.get('N', '3'))")
    assert isinstance(found, Default)
    assert found.value == Known(3)


def test_a_number_that_only_the_environment_gives_is_not_known() -> None:
    found = value("import os\nX = int(os.environ['N'])")
    assert isinstance(found, Default)
    assert isinstance(found.value, Unknown)


def test_fields_of_a_settings_class_come_from_the_environment_by_prefix_and_name() -> None:
    source = """
from conf import settings
X = settings.users_url + "/x"
"""
    conf = """
from pydantic_settings import BaseSettings, SettingsConfigDict
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_")
    users_url: str = "http://users"
settings = Settings()
"""
    assert text(source, conf=conf) == "${APP_USERS_URL:http://users}/x"


def test_a_field_without_default_comes_from_the_environment_too() -> None:
    assert (
        text(
            """
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    USERS_URL: str
X = Settings().USERS_URL
"""
        )
        == "${USERS_URL}"
    )


def test_configuration_of_an_application_is_found_where_it_is_set() -> None:
    assert (
        text(
            """
import os
from flask import Flask, current_app
app = Flask(__name__)
app.config["USERS"] = "http://{}/users".format(os.environ.get("USERS_ADDR"))
X = current_app.config["USERS"]
"""
        )
        == "http://${USERS_ADDR}/users"
    )


def test_constructor_arguments_are_seen_through_attributes_and_super() -> None:
    source = """
class Base:
    def __init__(self, url):
        self.url = url.rstrip("/")
    def full(self, path):
        return f"{self.url}/{path}"
class Users(Base):
    def __init__(self):
        super().__init__("http://users/")
X = Users().full("x")
"""
    assert text(source) == "http://users/x"


def test_fields_of_a_dataclass_have_what_the_call_gives() -> None:
    source = """
from dataclasses import dataclass
@dataclass
class Service:
    host: str
    port: int = 80
S = Service("users", port=8080)
X = f"http://{S.host}:{S.port}"
"""
    assert text(source) == "http://users:8080"


def test_an_unknown_key_means_any_value_of_the_table() -> None:
    source = """
URLS = {"a": "http://a", "b": "http://b"}
def of(name):
    return URLS[name]
X = of(input())
"""
    assert text(source) == "http://a | http://b"


def test_enumerations_stand_for_their_values() -> None:
    assert text("from enum import Enum\nclass E(Enum):\n    A = 'http://a'\nX = E.A.value + '/x'") == "http://a/x"


def test_names_are_followed_across_modules() -> None:
    assert (
        text("from conf import BASE as base\nX = base + '/x'", conf="HOST = 'a'\nBASE = f'http://{HOST}'")
        == "http://a/x"
    )


def test_a_name_bound_on_two_ways_is_either() -> None:
    source = """
import sys
if sys.argv:
    A = "http://a"
else:
    A = "http://b"
X = A
"""
    found = value(source)
    assert isinstance(found, Either)
    assert set(found.options) == {Known("http://a"), Known("http://b")}


def test_ranges_know_their_items() -> None:
    assert value("X = range(1, 4)") == Items("range", (Known(1), Known(2), Known(3)))


@pytest.mark.parametrize(
    "source",
    [
        "X = X",
        "def f():\n    return f()\nX = f()",
        "A = {}\nX = A[A[A]]",
        "X = 10 ** 10 ** 10",
        "X = 'a' * 10 ** 12",
        "class A:\n    def __init__(self):\n        self.x = self.x\nX = A().x",
        "X = 1 / 0",
        "X = '%d' % 'a'",
        "X = int('a')",
        "X = '{'.format(1)",
        "X = " + "+".join(["'a'"] * 400),
        "import app\nX = app.X",
    ],
)
def test_hostile_expressions_come_to_an_end(source: str) -> None:
    assert value(source) is not None


@given(st.lists(st.sampled_from(["http://a", "/b", "c", "", "{}", "%s"]), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_concatenation_is_what_python_says(parts: list[str]) -> None:
    assert value("X = " + " + ".join(map(repr, parts))) == Known("".join(parts))
