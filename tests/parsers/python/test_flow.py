"""From a handler to its steps: order, failures, retries, fan-out, and what is answered."""

from __future__ import annotations

from tests.parsers.python.outline import body_of, handlers, outline, tree

FLASK = "import requests\nfrom flask import Flask, jsonify, abort\napp = Flask(__name__)\n"
FASTAPI = "import asyncio\nimport httpx\nfrom fastapi import FastAPI, HTTPException, Response\napp = FastAPI()\n"


def test_a_status_that_is_passed_through_names_the_request_it_comes_from() -> None:
    assert body_of(
        FLASK
        + """
@app.route("/")
def root():
    r = requests.get("http://c/x")
    return r.text, r.status_code
"""
    ) == tree(
        """
        send GET http://c/x k1
        answer  k1
        """
    )


def test_a_check_of_the_status_decides_the_answer() -> None:
    assert body_of(
        FLASK
        + """
@app.route("/")
def root():
    r = requests.get("http://c/x")
    if r.status_code != 200:
        return jsonify(error=1), 502
    return r.json()
"""
    ) == tree(
        """
        send GET http://c/x k1
        if k1 is 200
          nothing
        else
          answer 502
        answer 200
        """
    )


def test_a_helper_that_returns_none_on_failure_decides_what_its_caller_answers() -> None:
    assert body_of(
        FLASK
        + """
def fetch():
    try:
        r = requests.get("http://c/x", timeout=2)
        r.raise_for_status()
        return r.json()
    except requests.RequestException:
        return None

@app.route("/")
def root():
    data = fetch()
    if data is None:
        return "", 503
    return jsonify(data)
"""
    ) == tree(
        """
        in fetch k1
          try
            send GET http://c/x k2
            if k2 is >=400
              raise requests.exceptions.HTTPError
            answer #0
          except requests.RequestException
            answer #1
        if k1 is #0
          nothing
        else
          answer 503
        answer 200
        """
    )


def test_an_exception_of_the_tree_carries_the_status_it_was_raised_with() -> None:
    assert body_of(
        FLASK
        + """
class Upstream(Exception):
    def __init__(self, status):
        self.status = status

def call():
    try:
        r = requests.get("http://c/x", timeout=2)
    except requests.Timeout as error:
        raise Upstream(504) from error
    if r.status_code >= 500:
        raise Upstream(r.status_code)
    return r.json()

@app.route("/")
def root():
    try:
        return call()
    except Upstream as error:
        return "", error.status
"""
    ) == tree(
        """
        try
          in call
            try
              send GET http://c/x k1
            except requests.Timeout
              mark k2 #0
              raise app.Upstream
            if k1 is >=500
              mark k2 #1
              raise app.Upstream
            answer
          answer 200
        except app.Upstream
          if k2 is #0
            answer 504
          else
            answer  k1
        """
    )


def test_a_loop_that_retries_ends_with_what_its_last_attempt_does() -> None:
    assert body_of(
        FLASK
        + """
@app.route("/")
def root():
    for attempt in range(3):
        try:
            r = requests.get("http://c/x")
            r.raise_for_status()
            break
        except requests.HTTPError:
            if attempt == 2:
                raise
    return r.json()
"""
    ) == tree(
        """
        mark k1 #0
        repeat 3
          try
            send GET http://c/x k2
            if k2 is >=400
              raise requests.exceptions.HTTPError
            mark k1 #1
            leave
          except requests.HTTPError
            nothing
        if k1 is #1
          nothing
        else
          raise requests.HTTPError
        answer 200
        """
    )


def test_the_else_of_a_loop_runs_only_where_nothing_broke_out_of_it() -> None:
    steps = body_of(
        FLASK
        + """
@app.route("/")
def root():
    for _ in range(2):
        r = requests.get("http://c/x")
        if r.ok:
            break
    else:
        return "", 504
    return r.json()
"""
    )
    assert steps.endswith(
        tree(
            """
            if k1 is #1
              nothing
            else
              answer 504
            answer 200
            """
        )
    )


def test_a_retry_decorator_is_around_the_function_and_not_around_its_caller() -> None:
    assert body_of(
        FLASK
        + """
from tenacity import retry, stop_after_attempt

@retry(stop=stop_after_attempt(4))
def fetch():
    return requests.get("http://c/x")

@app.route("/")
def root():
    requests.get("http://b/y")
    return fetch().text
"""
    ) == tree(
        """
        send GET http://b/y k1
        repeat 4
          in fetch
            send GET http://c/x k2
            answer
        answer 200
        """
    )


def test_gathered_coroutines_run_beside_each_other() -> None:
    assert body_of(
        FASTAPI
        + """
async def fetch(name):
    async with httpx.AsyncClient() as client:
        r = await client.get(f"http://{name}/")
        r.raise_for_status()
        return r.json()

@app.get("/")
async def root():
    try:
        a, b = await asyncio.gather(fetch("a"), fetch("b"))
    except httpx.HTTPError:
        raise HTTPException(status_code=502)
    return a
"""
    ) == tree(
        """
        try
          parallel
          -
            in fetch
              send GET http://a/ k1
              if k1 is >=400
                raise httpx.HTTPStatusError
              answer
          -
            in fetch
              send GET http://b/ k2
              if k2 is >=400
                raise httpx.HTTPStatusError
              answer
        except httpx.HTTPError
          raise fastapi.HTTPException 502
        answer 200
        """
    )


def test_gather_with_return_exceptions_collects_failures() -> None:
    assert "parallel, collecting" in body_of(
        FASTAPI
        + """
@app.get("/")
async def root():
    async with httpx.AsyncClient() as client:
        await asyncio.gather(client.get("http://a/"), client.get("http://b/"), return_exceptions=True)
"""
    )


def test_awaiting_one_after_the_other_is_not_parallel() -> None:
    assert body_of(
        FASTAPI
        + """
@app.get("/")
async def root():
    async with httpx.AsyncClient() as client:
        await client.get("http://a/")
        await client.get("http://b/")
"""
    ) == tree(
        """
        send GET http://a/ k1
        send GET http://b/ k2
        answer 200
        """
    )


def test_started_tasks_run_together_where_the_first_is_awaited() -> None:
    assert body_of(
        FASTAPI
        + """
@app.get("/")
async def root():
    client = httpx.AsyncClient()
    first = asyncio.create_task(client.get("http://a/"))
    second = asyncio.create_task(client.get("http://b/"))
    await first
    await second
"""
    ) == tree(
        """
        parallel
        -
          send GET http://a/ k1
        -
          send GET http://b/ k2
        answer 200
        """
    )


def test_a_coroutine_that_nobody_awaits_never_runs() -> None:
    assert (
        body_of(
            FASTAPI
            + """
@app.get("/")
async def root():
    httpx.AsyncClient().get("http://a/")
"""
        )
        == "answer 200"
    )


def test_a_callable_handed_to_an_executor_is_called_there() -> None:
    assert body_of(
        FLASK
        + """
from concurrent.futures import ThreadPoolExecutor

def one(name):
    return requests.get(f"http://{name}/").status_code

@app.route("/")
def root():
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(one, n) for n in ("a", "b")]
        statuses = [f.result() for f in futures]
    return ""
"""
    ) == tree(
        """
        parallel
        -
          in one
            send GET http://a/ k1
            answer
        -
          in one
            send GET http://b/ k2
            answer
        answer 200
        """
    )


def test_a_loop_over_data_is_counted_once_and_marked() -> None:
    assert body_of(
        FLASK
        + """
@app.route("/")
def root():
    for user in load():
        requests.get(f"http://c/{user}")
    return ""
"""
    ) == tree(
        """
        loop N
          send GET http://c/{user} k1
        answer 200
        """
    )


def test_a_constant_range_is_counted() -> None:
    assert "loop 5" in body_of(
        FLASK
        + """
@app.route("/")
def root():
    for _ in range(5):
        requests.get("http://c/")
    return ""
"""
    )


def test_a_loop_over_known_addresses_sends_to_each_of_them_once() -> None:
    steps = body_of(
        FLASK
        + """
@app.route("/")
def root():
    for base in ("http://a", "http://b"):
        requests.get(base + "/x")
    return ""
"""
    )
    assert [line.strip() for line in steps.splitlines() if "send" in line] == [
        "send GET http://a/x k1",
        "send GET http://b/x k2",
    ]


def test_a_condition_that_is_not_known_leaves_both_ways_open() -> None:
    assert body_of(
        FLASK
        + """
@app.route("/")
def root():
    if enabled():
        requests.get("http://a/")
    return ""
"""
    ) == tree(
        """
        branch
        |
          send GET http://a/ k1
        |
          nothing
        answer 200
        """
    )


def test_a_constant_condition_takes_one_way() -> None:
    assert (
        body_of(
            FLASK
            + """
DEBUG = False

@app.route("/")
def root():
    if DEBUG:
        requests.get("http://a/")
    return ""
"""
        )
        == "answer 200"
    )


def test_abort_names_its_status() -> None:
    assert "raise werkzeug.exceptions.HTTPException 503" in body_of(
        FLASK
        + """
@app.route("/")
def root():
    try:
        requests.get("http://a/")
    except requests.ConnectionError:
        abort(503)
    return ""
"""
    )


def test_an_error_handler_of_the_application_answers_what_leaves_a_handler() -> None:
    assert body_of(
        FLASK
        + """
class Down(Exception):
    pass

@app.errorhandler(Down)
def down(error):
    return "", 504

@app.route("/")
def root():
    if not requests.get("http://a/").ok:
        raise Down()
    return ""
"""
    ) == tree(
        """
        try
          send GET http://a/ k1
          if k1 is >=400
            raise app.Down
          answer 200
        except app.Down
          answer 504
        """
    )


def test_a_dependency_runs_before_its_handler() -> None:
    assert body_of(
        FASTAPI
        + """
from fastapi import Depends

def user():
    r = httpx.get("http://auth/verify")
    if r.status_code == 401:
        raise HTTPException(401)
    return r.json()

@app.get("/")
def root(who=Depends(user)):
    httpx.get("http://c/")
"""
    ) == tree(
        """
        in user
          send GET http://auth/verify k1
          if k1 is 401
            raise fastapi.HTTPException 401
          answer
        send GET http://c/ k2
        answer 200
        """
    )


def test_a_wrapper_decorator_of_the_tree_is_followed() -> None:
    assert body_of(
        FLASK
        + """
from functools import wraps

def audited(function):
    @wraps(function)
    def inner(*args, **kwargs):
        requests.post("http://audit/log")
        return function(*args, **kwargs)
    return inner

@audited
def fetch(n):
    return requests.get(f"http://c/{n}")

@app.route("/")
def root():
    return fetch(7).text
"""
    ) == tree(
        """
        in inner
          send POST http://audit/log k1
          in fetch
            send GET http://c/7 k2
            answer
          answer
        answer 200
        """
    )


def test_suppressed_exceptions_end_there() -> None:
    assert body_of(
        FLASK
        + """
import contextlib

@app.route("/")
def root():
    with contextlib.suppress(requests.RequestException):
        requests.get("http://a/")
    return ""
"""
    ) == tree(
        """
        try
          send GET http://a/ k1
        except requests.RequestException
          nothing
        answer 200
        """
    )


def test_a_task_that_is_started_and_forgotten_fails_unseen() -> None:
    assert body_of(
        FASTAPI
        + """
from fastapi import BackgroundTasks

def notify():
    httpx.post("http://mail/")

@app.get("/")
def root(tasks: BackgroundTasks):
    tasks.add_task(notify)
    return {}
"""
    ) == tree(
        """
        parallel, collecting
        -
          in notify
            send POST http://mail/ k1
        answer 200
        """
    )


def test_a_health_check_does_not_reach_what_other_operations_call() -> None:
    found = handlers(
        {
            "app.py": FLASK
            + """
@app.route("/health")
def health():
    return "ok"

@app.route("/pay", methods=["POST"])
def pay():
    return requests.post("http://payments/").text
"""
        }
    )
    assert outline(found["GET /health"].body) == "answer 200"
    assert "http://payments/" in outline(found["POST /pay"].body)


def test_endless_recursion_ends() -> None:
    assert "send GET http://a/" in body_of(
        FLASK
        + """
def again(n):
    requests.get("http://a/")
    return again(n + 1)

@app.route("/")
def root():
    return again(0)
"""
    )


def test_a_list_that_a_loop_fills_is_gathered_as_often_as_data_says() -> None:
    assert body_of(
        FASTAPI
        + """
async def fetch(client, n):
    return await client.get(f"http://c/{n}")

@app.get("/")
async def root():
    tasks = []
    async with httpx.AsyncClient() as client:
        for n in load():
            tasks.append(fetch(client, n))
        await asyncio.gather(*tasks)
"""
    ) == tree(
        """
        parallel
        -
          loop N
            in fetch
              send GET http://c/{n} k1
              answer
        answer 200
        """
    )


def test_a_count_that_only_a_default_gives_is_data() -> None:
    assert "loop N" in body_of(
        FLASK
        + """
import os

TIMES = int(os.environ.get("TIMES", "0"))

@app.route("/")
def root():
    for _ in range(TIMES):
        requests.get("http://c/")
    return ""
"""
    )


def test_a_request_is_passed_on_under_its_own_path_and_method() -> None:
    assert body_of(
        FASTAPI
        + """
from fastapi import Request

@app.put("/users/{name}")
async def forward(name: str, request: Request):
    async with httpx.AsyncClient() as client:
        r = await client.request(request.method, "http://users" + request.url.path)
    return Response(r.content, status_code=r.status_code)
""",
        "PUT /users/{name}",
    ) == tree(
        """
        send PUT http://users/users/{name} k1
        answer  k1
        """
    )
