"""What a container's command starts: a module, a file, a task worker.

Source: command lines of gunicorn, uvicorn, hypercorn, daphne, waitress, flask, celery, rq, dramatiq, arq, huey, python.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from parsers.facts.python import Handler

_WEB = frozenset(
    ["gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "uwsgi", "granian", "flask", "fastapi"]
)
_WORKERS = frozenset(["celery", "rq", "rqworker", "dramatiq", "arq", "huey_consumer", "huey_consumer.py", "faust"])
#: Commands that serve nobody.
_TOOLS = frozenset(["alembic", "flyway", "pytest", "yoyo", "aerich", "migrate", "psql", "mysql", "mongosh", "locust"])
_WRAPPERS_WORDS = (
    "/bin/sh tini opentelemetry-instrument uv newrelic-admin env -c -- pdm run dumb-init ddtrace-run exec sh bash "
    "pipenv -lc poetry run-program /bin/bash"
)
_WRAPPERS = frozenset(_WRAPPERS_WORDS.split())
#: Commands that serve nobody.
_TOOLS = frozenset(["alembic", "flyway", "pytest", "yoyo", "aerich", "migrate", "psql", "mysql", "mongosh"])
_PORT = re.compile(r"(?:^|\s)(?:--port|-p|--bind|-b|--http-port)[= ](?:\S*:)?(\d{2,5})(?=\s|$)")
_PYTHON = re.compile(r"(?:.*/)?(?:python|pypy)[\d.]*$")


@dataclass(frozen=True, slots=True)
class Command:
    """``kind`` is web, tasks, cron, tool or ``""`` (not known); ``paths``: where the file it starts may lie."""

    kind: str = ""
    paths: tuple[str, ...] = ()
    port: int | None = None


def command(words: Iterable[str], folders: Iterable[str]) -> Command:
    """Read a command line; ``folders`` are where its modules may be."""
    flat = _flat(tuple(words))
    return replace(_read(flat, folders), port=_port(flat))


def _port(words: tuple[str, ...]) -> int | None:
    """``--port 8001``, ``-p 8001``, ``--bind :8001``, ``-b 0.0.0.0:8001``."""
    match = _PORT.search(" ".join(words))
    return int(match[1]) if match else None


def _read(flat: tuple[str, ...], folders: Iterable[str]) -> Command:
    while flat and (flat[0] in _WRAPPERS or "=" in flat[0].split("/", maxsplit=1)[0]):
        flat = flat[1:]
    if not flat:
        return Command()
    name = flat[0].rsplit("/", 1)[-1]
    if _PYTHON.match(flat[0]):
        return _python(flat[1:], tuple(folders))
    if name in _WORKERS:
        return Command("cron" if "beat" in flat else "tasks")
    if name in _TOOLS or (name == "flask" and flat[1:2] == ("db",)):
        return Command("tool")
    if name in _WEB:
        return Command("web", _paths(_app(flat[1:]), folders))
    return Command()


def runs(command: Command, handler: Handler, others: set[str], *, shared: bool) -> bool:
    """Whether a container with that command runs the handler; ``others`` are files that only other containers start."""
    if command.kind == "tasks":
        return handler.kind in ("task", "cron", "startup")
    if command.kind == "tool":
        return handler.kind == "cli" and handler.span.path in command.paths
    if command.kind == "cron":
        return handler.kind == "cron"
    if not shared or handler.span.path in command.paths:
        return True
    if command.kind == "web" and handler.kind in ("task", "cron", "cli", "consumer"):
        return False
    return handler.span.path not in others


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


def _python(words: tuple[str, ...], folders: tuple[str, ...]) -> Command:
    words = tuple(w for w in words if w not in ("-u", "-O", "-B", "-I"))
    if len(words) > 1 and words[0] == "-m":
        if words[1] in _WEB or words[1] in _WORKERS:
            return _read(words[1:], folders)
        return Command("", _paths(_file(words[1]), folders))
    if words and words[0].endswith(".py"):
        if words[0].rsplit("/", 1)[-1] == "manage.py":
            return Command("web" if "runserver" in words else "tool")
        return Command("", _paths(words[0], folders))
    return Command()


def _app(words: tuple[str, ...]) -> str | None:
    """The file of ``shop.wsgi:app`` among the words."""
    for word in words:
        match = re.fullmatch(r"([A-Za-z_][\w.]*):[\w.]+(\(.*\))?", word)
        if match:
            return _file(match[1])
    return None


def _file(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def _paths(path: str | None, folders: Iterable[str]) -> tuple[str, ...]:
    """A script's path in the tree. An absolute one is in the image: each of its tails may be the path in the folder."""
    if path is None:
        return ()
    parts = path.removeprefix("./").strip("/").split("/")
    tails = ["/".join(parts[i:]) for i in range(len(parts))] if path.startswith("/") else ["/".join(parts)]
    packages = [t.removesuffix(".py") + "/__main__.py" for t in tails]
    return tuple(dict.fromkeys(f"{f}/{t}".lstrip("/") for f in folders for t in (*tails, *packages)))
