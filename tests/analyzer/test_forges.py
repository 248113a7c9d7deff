"""Posting, over real HTTP, to a server that behaves like the forges' APIs."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from analyzer.forges import BRANCH, ForbiddenError, Forge, ForgeError, from_environment

MARK = "<!-- meshgain -->"


class Server(ThreadingHTTPServer):
    """Comments, notes and git objects; ``trouble`` is answered once for each request it matches."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: dict[int, str] = {}
        self.trouble: list[tuple[str, int, dict[str, str]]] = []
        self.log: list[str] = []
        self.objects: list[dict[str, Any]] = []
        self.branch: str | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def answer(self, status: int, document: object = None, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document if document is not None else {"message": "no"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def read(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def handle_any(self) -> None:
        line = f"{self.command} {self.path}"
        self.server.log.append(line)
        for number, (pattern, status, headers) in enumerate(self.server.trouble):
            if re.search(pattern, line):
                del self.server.trouble[number]
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                return self.answer(status, {"message": f"made {status}"}, headers)
        if "/git/" in self.path:
            return self.git()
        return self.comment(line)

    do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815  # the names that http.server calls

    def comment(self, line: str) -> None:
        store = self.server.comments
        if self.command == "GET":
            page = int((re.search(r"[?&]page=(\d+)", self.path) or [0, 1])[1])
            rows = [{"id": i, "body": b} for i, b in sorted(store.items())]
            shown, more = rows[(page - 1) * 2 : page * 2], len(rows) > page * 2
            following = f'<{self.server.address}{self.path.partition("?")[0]}?per_page=100&page={page + 1}>; rel="next"'
            return self.answer(200, shown, {"Link": following} if more else {})
        body = self.read()["body"]
        if self.command == "POST":
            identity = max(store, default=0) + 1
        else:
            identity = int(re.sub(r".*/", "", line))
            if identity not in store:
                return self.answer(404)
        store[identity] = body
        return self.answer(200, {"id": identity, "html_url": f"{self.server.address}/c/{identity}"})

    def git(self) -> None:
        kind = re.search(r"/git/(\w+)", self.path)
        assert kind
        if self.command == "GET":
            if kind[1] == "ref":
                found = {"object": {"sha": self.server.branch}}
                return self.answer(200, found) if self.server.branch else self.answer(404)
            return self.answer(200, {"tree": {"sha": "old-tree"}})
        document = self.read()
        self.server.objects.append({"kind": kind[1], **document})
        if kind[1] == "refs":
            self.server.branch = document["sha"]
        return self.answer(201, {"sha": f"{kind[1]}-{len(self.server.objects)}"})


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def github(server: Server, slept: list[float] | None = None) -> Forge:
    environment = {
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "t",
        "GITHUB_API_URL": server.address,
        "GITHUB_SERVER_URL": "https://forge.example",
    }
    return from_environment(environment, 7, (slept if slept is not None else []).append)


def gitlab(server: Server) -> Forge:
    environment = {
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": "t",
        "CI_API_V4_URL": server.address,
        "CI_PROJECT_URL": "https://lab.example/g/p",
    }
    return from_environment(environment, sleep=lambda _: None)


BOTH = pytest.mark.parametrize("forge", [github, gitlab])


@BOTH
def test_the_first_time_a_comment_is_made(server: Server, forge: Any) -> None:
    forge(server).upsert(MARK, f"{MARK}\nhello")
    assert server.comments == {1: f"{MARK}\nhello"}


@BOTH
def test_the_next_time_the_same_comment_is_updated_even_on_a_later_page(server: Server, forge: Any) -> None:
    server.comments = {**dict.fromkeys(range(1, 7), "somebody"), 7: f"{MARK}\nold"}
    forge(server).upsert(MARK, f"{MARK}\nnew")
    assert server.comments[7] == f"{MARK}\nnew"
    assert len(server.comments) == 7


@BOTH
def test_a_comment_of_somebody_who_quotes_the_marker_is_left_alone(server: Server, forge: Any) -> None:
    server.comments = {1: f"> {MARK}\nlook at this"}
    forge(server).upsert(MARK, f"{MARK}\nnew")
    assert server.comments == {1: f"> {MARK}\nlook at this", 2: f"{MARK}\nnew"}


@BOTH
def test_a_comment_deleted_between_reading_and_writing_is_made_anew(server: Server, forge: Any) -> None:
    server.comments = {3: f"{MARK}\nold"}
    server.trouble = [("^(PATCH|PUT) ", 404, {})]
    forge(server).upsert(MARK, f"{MARK}\nnew")
    assert server.comments[4] == f"{MARK}\nnew"


@BOTH
def test_a_token_that_may_not_is_told_apart_from_other_errors(server: Server, forge: Any) -> None:
    server.trouble = [("^POST ", 403, {})]
    with pytest.raises(ForbiddenError, match=r"the token may not do this .*made 403"):
        forge(server).upsert(MARK, MARK)


@BOTH
@pytest.mark.parametrize("status", [404, 422, 500])
def test_other_errors_are_one_line_with_the_forges_words(server: Server, forge: Any, status: int) -> None:
    server.trouble = [("^POST ", status, {})]
    with pytest.raises(ForgeError, match=rf"POST .*: {status} made {status}") as caught:
        forge(server).upsert(MARK, MARK)
    assert not isinstance(caught.value, ForbiddenError)
    assert "\n" not in str(caught.value)


def test_a_rate_limit_is_waited_for(server: Server) -> None:
    server.trouble = [("^GET ", 429, {"Retry-After": "3"}), ("^POST ", 403, {"X-RateLimit-Remaining": "0"})]
    slept: list[float] = []
    github(server, slept).upsert(MARK, MARK)
    assert slept == [3.0, 5.0]
    assert server.comments == {1: MARK}


def test_a_long_rate_limit_is_not_waited_for(server: Server) -> None:
    server.trouble = [("^GET ", 429, {"Retry-After": "3600"})]
    with pytest.raises(ForgeError, match="the rate limit lasts 3600 s"):
        github(server).upsert(MARK, MARK)


def test_a_picture_starts_a_branch_of_its_own(server: Server) -> None:
    address = github(server).picture("pull-7.png", b"PNG")
    made = {o["kind"]: o for o in server.objects}
    assert base64.b64decode(made["blobs"]["content"]) == b"PNG"
    assert made["commits"]["parents"] == []
    assert made["refs"]["ref"] == f"refs/heads/{BRANCH}"
    assert address == "https://forge.example/o/r/raw/commits-3/pull-7.png"


def test_a_second_picture_is_added_to_the_branch(server: Server) -> None:
    server.branch = "before"
    github(server).picture("pull-8.png", b"PNG")
    made = {o["kind"]: o for o in server.objects}
    assert made["trees"]["base_tree"] == "old-tree"
    assert made["commits"]["parents"] == ["before"]


def test_the_pull_request_is_read_from_the_event(server: Server, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 31}}')
    environment = {
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "t",
        "GITHUB_API_URL": server.address,
        "GITHUB_EVENT_PATH": str(event),
    }
    from_environment(environment).upsert(MARK, MARK)
    assert any("/issues/31/comments" in line for line in server.log)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "neither GitHub Actions nor GitLab CI"),
        ({"GITHUB_REPOSITORY": "o/r"}, "set GITHUB_TOKEN"),
        ({"GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t"}, "no pull request"),
        ({"CI_PROJECT_ID": "1"}, "set GITLAB_TOKEN"),
        ({"CI_PROJECT_ID": "1", "GITLAB_TOKEN": "t"}, "no merge request"),
    ],
)
def test_what_is_missing_is_said(environment: dict[str, str], told: str) -> None:
    with pytest.raises(ForgeError, match=told):
        from_environment(environment)


def test_a_server_that_is_not_there_is_one_line() -> None:
    environment = {"GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t", "GITHUB_API_URL": "http://127.0.0.1:9"}
    with pytest.raises(ForgeError, match="ConnectError"):
        from_environment(environment, 1).upsert(MARK, MARK)
