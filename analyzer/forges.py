"""Posting to GitHub and GitLab: one comment a pull request, found by its marker and updated in place.

Source: docs.github.com REST (issue comments, git data), docs.gitlab.com (merge request notes, project uploads).
Errors: ``ForgeError``, one line; ``ForbiddenError`` where the token may not, so that the caller can fall back.
Nothing is sent anywhere but to the forge's own API.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx

#: How long a rate limit is waited for, in all.
PATIENCE_S = 60.0
_TIMEOUT_S = 30.0
_PAGES = 50
BRANCH = "meshgain-pictures"


class ForgeError(Exception):
    """The comment could not be posted."""


class ForbiddenError(ForgeError):
    """The token may not do this: usual for pull requests from forks."""


class Forge(Protocol):
    """Where pull requests are."""

    def upsert(self, marker: str, body: str) -> str:
        """Create the comment or update it; the address of it."""
        ...

    def picture(self, name: str, content: bytes) -> str:
        """Store a picture at the forge; the address of it."""
        ...


@dataclass(frozen=True, slots=True)
class _Api:
    """Requests with patience for rate limits, and errors in one line."""

    client: httpx.Client
    sleep: Callable[[float], None]

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        """One request; waits where the API says when to come back."""
        waited = 0.0
        while True:
            try:
                answer = self.client.request(method, path, json=body)
            except httpx.HTTPError as error:
                raise ForgeError(f"{method} {path}: {type(error).__name__}: {error}") from error
            pause = _pause(answer)
            if pause is None:
                return answer
            if waited + pause > PATIENCE_S:
                raise ForgeError(f"{method} {path}: the rate limit lasts {pause:.0f} s; not waiting that long")
            self.sleep(pause)
            waited += pause

    def json(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401  # JSON
        """The answer's document."""
        answer = self.send(method, path, body)
        _raise(answer, method, path)
        return answer.json()

    def pages(self, path: str) -> Iterator[Any]:
        """Every row of a list, following ``Link: rel="next"``."""
        following: str | None = path
        for _ in range(_PAGES):
            if following is None:
                return
            answer = self.send("GET", following)
            _raise(answer, "GET", following)
            yield from answer.json()
            following = answer.links.get("next", {}).get("url")


def _pause(answer: httpx.Response) -> float | None:
    """Seconds to wait before trying again; ``None`` where the answer stands."""
    limited = answer.status_code == 429 or (
        answer.status_code == 403
        and (answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers)
    )
    if not limited:
        return None
    if (after := answer.headers.get("retry-after", "")).isdecimal():
        return float(after)
    if (reset := answer.headers.get("x-ratelimit-reset", "")).isdecimal():
        return max(1.0, float(reset) - time.time())
    return 5.0


def _raise(answer: httpx.Response, method: str, path: str) -> None:
    if answer.is_success:
        return
    told = f"{method} {httpx.URL(path).path}: {answer.status_code} {_message(answer)}"
    if answer.status_code in (401, 403):
        raise ForbiddenError(
            f"the token may not do this ({told}); pull requests from forks get a token that only reads"
        )
    raise ForgeError(told)


def _message(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except json.JSONDecodeError:
        return answer.reason_phrase
    message = document.get("message", document.get("error", "")) if isinstance(document, dict) else ""
    return str(message)[:200] or answer.reason_phrase


@dataclass(frozen=True, slots=True)
class GitHub:
    """Comments of one pull request; pictures on a branch of their own."""

    api: _Api
    repository: str
    number: int
    server: str

    def upsert(self, marker: str, body: str) -> str:
        found = next((c for c in self._comments() if str(c.get("body") or "").startswith(marker)), None)
        if found is not None:
            path = f"/repos/{self.repository}/issues/comments/{found['id']}"
            answer = self.api.send("PATCH", path, {"body": body})
            if answer.status_code not in (404, 410):  # deleted between reading and writing: write it anew
                _raise(answer, "PATCH", path)
                return str(answer.json()["html_url"])
        made = self.api.json("POST", f"/repos/{self.repository}/issues/{self.number}/comments", {"body": body})
        return str(made["html_url"])

    def _comments(self) -> Iterator[Any]:
        return self.api.pages(f"/repos/{self.repository}/issues/{self.number}/comments?per_page=100")

    def picture(self, name: str, content: bytes) -> str:
        """A commit on the branch that holds nothing but pictures."""
        base = f"/repos/{self.repository}/git"
        blob = self.api.json(
            "POST", f"{base}/blobs", {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        )
        known = self.api.send("GET", f"{base}/ref/heads/{BRANCH}")
        parent = known.json()["object"]["sha"] if known.is_success else None
        tree: dict[str, object] = {"tree": [{"path": name, "mode": "100644", "type": "blob", "sha": blob["sha"]}]}
        if parent:
            tree["base_tree"] = self.api.json("GET", f"{base}/commits/{parent}")["tree"]["sha"]
        made = self.api.json("POST", f"{base}/trees", tree)
        commit = self.api.json(
            "POST",
            f"{base}/commits",
            {"message": f"Picture {name}", "tree": made["sha"], "parents": [parent] if parent else []},
        )
        if parent:
            self.api.json("PATCH", f"{base}/refs/heads/{BRANCH}", {"sha": commit["sha"]})
        else:
            self.api.json("POST", f"{base}/refs", {"ref": f"refs/heads/{BRANCH}", "sha": commit["sha"]})
        return f"{self.server}/{self.repository}/raw/{commit['sha']}/{quote(name)}"


@dataclass(frozen=True, slots=True)
class GitLab:
    """Notes of one merge request; pictures as uploads of the project."""

    api: _Api
    project: str
    number: int
    server: str

    def upsert(self, marker: str, body: str) -> str:
        path = f"/projects/{quote(self.project, safe='')}/merge_requests/{self.number}/notes"
        notes = self.api.pages(f"{path}?per_page=100&sort=asc")
        found = next((n for n in notes if str(n.get("body") or "").startswith(marker)), None)
        if found is not None:
            answer = self.api.send("PUT", f"{path}/{found['id']}", {"body": body})
            if answer.status_code != 404:
                _raise(answer, "PUT", path)
                return f"{self.server}#note_{found['id']}"
        made = self.api.json("POST", path, {"body": body})
        return f"{self.server}#note_{made['id']}"

    def picture(self, name: str, content: bytes) -> str:
        path = f"/projects/{quote(self.project, safe='')}/uploads"
        answer = self.api.client.post(path, files={"file": (Path(name).name, content, "image/png")})
        _raise(answer, "POST", path)
        return str(answer.json()["url"])


def from_environment(
    environment: Mapping[str, str], number: int | None = None, sleep: Callable[[float], None] = time.sleep
) -> Forge:
    """The forge whose CI this runs in, with the CI's own token."""
    if environment.get("GITHUB_REPOSITORY"):
        return _github(environment, number, sleep)
    if environment.get("CI_PROJECT_ID"):
        return _gitlab(environment, number, sleep)
    raise ForgeError("neither GitHub Actions nor GitLab CI is seen here; --dry-run prints the comment")


def _github(environment: Mapping[str, str], number: int | None, sleep: Callable[[float], None]) -> GitHub:
    token = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN")
    if not token:
        raise ForgeError("no token: set GITHUB_TOKEN (permissions: pull-requests: write)")
    pull = number or _event_number(environment)
    if pull is None:
        raise ForgeError("no pull request: this run is not one's; --pull-request N names it")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "meshgain",
    }
    api = environment.get("GITHUB_API_URL", "https://api.github.com")
    server = environment.get("GITHUB_SERVER_URL", "https://github.com")
    client = httpx.Client(base_url=api, headers=headers, timeout=_TIMEOUT_S)
    return GitHub(_Api(client, sleep), environment["GITHUB_REPOSITORY"], pull, server)


def _event_number(environment: Mapping[str, str]) -> int | None:
    """The pull request that the event is about."""
    path = environment.get("GITHUB_EVENT_PATH")
    if not path:
        return None
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
        number = event.get("pull_request", event.get("issue", {})).get("number")
    except (OSError, ValueError, AttributeError):
        return None
    return int(number) if number else None


def _gitlab(environment: Mapping[str, str], number: int | None, sleep: Callable[[float], None]) -> GitLab:
    token = environment.get("GITLAB_TOKEN") or environment.get("MESHGAIN_GITLAB_TOKEN")
    if not token:
        raise ForgeError("no token: set GITLAB_TOKEN to a project access token with the scope api")
    iid = environment.get("CI_MERGE_REQUEST_IID", "")
    request = number or (int(iid) if iid.isdecimal() else None)
    if request is None:
        raise ForgeError("no merge request: this pipeline is not one's; --pull-request N names it")
    api = environment.get("CI_API_V4_URL", "https://gitlab.com/api/v4")
    headers = {"PRIVATE-TOKEN": token, "User-Agent": "meshgain"}
    client = httpx.Client(base_url=api, headers=headers, timeout=_TIMEOUT_S)
    address = f"{environment.get('CI_PROJECT_URL', '')}/-/merge_requests/{request}"
    return GitLab(_Api(client, sleep), environment["CI_PROJECT_ID"], request, address)
