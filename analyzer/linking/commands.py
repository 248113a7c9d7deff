"""What a container's command starts: a module, a file, a task worker.

Source: command lines of gunicorn, uvicorn, hypercorn, daphne, waitress, flask, celery, rq, dramatiq, arq, huey, python.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from parsers.facts.python import Handler

_WEB = frozenset(
    ["gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "uwsgi", "granian", "flask", "fastapi"]
)
_WORKERS = frozenset(["celery", "rq", "rqworker", "dramatiq", "arq", "huey_consumer", "huey_consumer.py", "faust"])
_WRAPPERS_WORDS = (
    "/bin/sh tini opentelemetry-instrument uv newrelic-admin env -c -- pdm run dumb-init ddtrace-run exec sh bash "
    "pipenv -lc poetry run-program /bin/bash"
)
_WRAPPERS = frozenset(_WRAPPERS_WORDS.split())
_PYTHON = re.compile(r"(?:.*/)?(?:python|pypy)[\d.]*$")


@dataclass(frozen=True, slots=True)
class Command:
    """``kind`` is web, tasks, cron or ``""`` (not known); ``module_path`` is the file started, relative to the root."""

    kind: str = ""
    module_path: str | None = None


def command(words: Iterable[str], folder: str) -> Command:
    """Read a command line; ``folder`` is where its modules are."""
    flat = _flat(tuple(words))
    while flat and (flat[0] in _WRAPPERS or "=" in flat[0].split("/")[0]):
        flat = flat[1:]
    if not flat:
        return Command()
    name = flat[0].rsplit("/", 1)[-1]
    if _PYTHON.match(flat[0]):
        return _python(flat[1:], folder)
    if name in _WORKERS:
        return Command("cron" if "beat" in flat else "tasks")
    if name in _WEB:
        return Command("web", _app(flat[1:], folder))
    return Command()


def runs(command: Command, handler: Handler, entries: set[str], *, shared: bool) -> bool:
    """Whether a container with that command runs the handler; ``entries`` are files other containers start."""
    if command.kind == "tasks":
        return handler.kind in ("task", "cron", "startup")
    if command.kind == "cron":
        return handler.kind == "cron"
    if not shared:
        return True
    if command.kind == "web":
        return handler.kind not in ("task", "cron", "cli", "consumer") or handler.span.path == command.module_path
    if command.module_path is None:
        return handler.span.path not in entries
    return handler.span.path == command.module_path or handler.span.path not in entries


def _flat(words: tuple[str, ...]) -> tuple[str, ...]:
    """One list of words: a shell's script is cut up; its last command counts."""
    found: list[str] = []
    for word in words:
        if " " not in word:
            found.append(word)
            continue
        try:
            found += shlex.split(re.split(r"&&|;|\|\|", word)[-1])
        except ValueError:
            found += word.split()
    return tuple(found)


def _python(words: tuple[str, ...], folder: str) -> Command:
    words = tuple(w for w in words if w not in ("-u", "-O", "-B", "-I"))
    if not words:
        return Command()
    if words[0] == "-m" and len(words) > 1:
        inner = words[1]
        if inner in _WEB or inner in _WORKERS:
            return command(words[1:], folder)
        return Command("", _path(inner, folder))
    if words[0].endswith(".py"):
        script = words[0].rsplit("/", 1)[-1]
        if script == "manage.py":
            return Command("web") if "runserver" in words else Command("", None)
        return Command("", f"{folder}/{_under(words[0])}".lstrip("/"))
    return Command()


def _under(path: str) -> str:
    """A script's path below the code folder, as far as an absolute one in the image tells."""
    return path.rsplit("/", 1)[-1] if path.startswith("/") else path.removeprefix("./")


def _app(words: tuple[str, ...], folder: str) -> str | None:
    """``shop.wsgi:app`` among the words."""
    for word in words:
        match = re.fullmatch(r"([A-Za-z_][\w.]*):[\w.]+(\(.*\))?", word)
        if match:
            return _path(match[1], folder)
    return None


def _path(module: str, folder: str) -> str:
    return f"{folder}/{module.replace('.', '/')}.py".lstrip("/")
