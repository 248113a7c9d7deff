"""Which container runs which code.

Evidence, the surest first: the configuration (``code``), the folders an image is built from (compose build, skaffold,
Dockerfile), a folder named like a workload, its image, a container or the service. The nearest enclosing folder wins; a
folder that an image is built from beats a name below it. Several containers of one folder share its code, less what
their commands exclude: ``celery worker`` serves no HTTP, a module named by one command is not run by another.
Errors: code that nothing runs is a service of its own, with an L003 diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from analyzer.linking.commands import command, runs
from analyzer.linking.images import Image, images
from analyzer.linking.mesh import Mesh, Pod
from analyzer.linking.names import image_name
from analyzer.linking.runners import Runner, Runners, folder_of
from analyzer.linking.sites import sites
from analyzer.linking.unclaimed import Code, unclaimed, unit_name
from analyzer.options import Options
from parsers.diagnostics import Code as Problem
from parsers.diagnostics import Diagnostic
from parsers.facts.kubernetes import ConfigEntry, ImageSource
from parsers.facts.python import Call, Handler, Listener

F = TypeVar("F", Handler, Call)


@dataclass(frozen=True, slots=True)
class Placed:
    """The code of one runner."""

    runner: Runner
    handlers: tuple[Handler, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """All code, placed; ``pods`` are those that no manifest describes, ``units`` their (name, folder, service id).

    ``env`` is what images set, by pod and container, of whatever language.
    """

    placed: tuple[Placed, ...]
    pods: tuple[Pod, ...]
    diagnostics: tuple[Diagnostic, ...]
    units: tuple[tuple[str, str, str], ...]
    env: Mapping[tuple[str, str], tuple[ConfigEntry, ...]]


def place(mesh: Mesh, options: Options) -> Placement:
    """Find the runners of every handler and call."""
    handlers, calls = mesh.all(Handler), mesh.all(Call)
    paths = sorted({h.span.path for h in handlers} | {c.span.path for c in calls})
    built = images(mesh.all(ImageSource), paths)
    runners = Runners(mesh, options, built)
    by_folder = {f: runners.of(f) for f in sorted({folder_of(p) for p in paths})}
    claimed = {p: tuple(r for r in by_folder[folder_of(p)] if not r.files or p in r.files) for p in paths}
    made = _made(mesh, {p for p in paths if not claimed[p]}, built)
    one = runners.only() if len({r.folder for r in made.values()}) == 1 and len(made) == len(paths) else ()
    if one:
        claimed, made = dict.fromkeys(paths, one), {}
    claimed |= {path: (runner,) for path, runner in made.items()}
    pods = {r.pod.id: r.pod for r in made.values()}
    return Placement(
        tuple(_placed(claimed, handlers, calls)),
        tuple(pods[i] for i in sorted(pods)),
        tuple(_notes(made)),
        tuple(sorted({(unit_name(r.folder), r.folder, r.pod.id) for r in made.values()})),
        runners.env,
    )


def _placed(
    claimed: dict[str, tuple[Runner, ...]], handlers: tuple[Handler, ...], calls: tuple[Call, ...]
) -> Iterator[Placed]:
    by_runner: dict[tuple[str, str], list[tuple[str, Runner]]] = {}
    for path, found in claimed.items():
        for runner in found:
            key = (runner.pod.id, runner.container.name if runner.container else "")
            by_runner.setdefault(key, []).append((path, runner))
    received, sent = _by_path(handlers), _by_path(calls)
    shared = {p for p, found in claimed.items() if len({r.image or r.pod.id for r in found}) > 1}
    started = {r.pod.id: set(r.command.paths) for found in claimed.values() for r in found}
    for key in sorted(by_runner):
        mine = [p for p, _ in by_runner[key]]
        runner = by_runner[key][0][1]
        with_me = {r.pod.id for p in mine for r in claimed[p]}
        others = {p for i in with_me if i != runner.pod.id for p in started[i]} - set(runner.command.paths)
        own = (h for p in mine for h in received.get(p, ()))
        yield Placed(
            runner,
            tuple(h for h in own if _runs(runner, h, others, shared=len(with_me) > 1)),
            tuple(c for p in mine if p not in shared for c in sent.get(p, ()))
            if not _aside(runner, len(with_me))
            else (),
        )


def _by_path(facts: tuple[F, ...]) -> dict[str, list[F]]:
    found: dict[str, list[F]] = {}
    for fact in facts:
        found.setdefault(fact.span.path, []).append(fact)
    return found


def _runs(runner: Runner, handler: Handler, others: set[str], *, shared: bool) -> bool:
    """Whether the runner runs the handler: a Job serves nobody while others share its code."""
    if shared and handler.kind in ("http", "grpc") and _is_job(runner):
        return False
    return runs(runner.command, handler, others, shared=shared)


def _aside(runner: Runner, sharing: int) -> bool:
    """Whether the runner only lends a hand: a migration, a job beside the program whose code it shares."""
    return runner.command.kind == "tool" or (sharing > 1 and _is_job(runner))


def _is_job(runner: Runner) -> bool:
    return runner.pod.fact is not None and runner.pod.fact.kind in ("Job", "CronJob")


def _made(mesh: Mesh, paths: set[str], built: tuple[Image, ...]) -> dict[str, Runner]:
    """Services made of code alone, by file."""
    inside = {f: i for i in built for f in i.folders}
    handlers, calls = mesh.all(Handler), mesh.all(Call)
    reached = {s.call.span for h in handlers for s in sites(h.body)}
    sent = tuple(c.span for c in calls if c.span.path in paths)
    code = Code(
        tuple(h.span for h in handlers if h.span.path in paths), sent, tuple(s for s in sent if s not in reached)
    )
    called = {f: image_name(i.names[0]) if i.names else "" for f, i in inside.items()}
    found: dict[str, Runner] = {}
    for path, unit, pod in unclaimed(mesh.services, code, called, _starts(mesh)):
        image = inside.get(unit)
        words = image.command if image else ()
        env, ports = (image.env, image.ports) if image else ((), ())
        found[path] = Runner(pod, None, unit, env, command(words, (unit,)), unit or ".", ports)
    return found


def _starts(mesh: Mesh) -> dict[str, set[str]]:
    """Files that are a program each: several of one folder, each with a port of its own."""
    ports: dict[str, dict[str, int]] = {}
    for listener in mesh.all(Listener):
        ports.setdefault(folder_of(listener.span.path), {})[listener.span.path] = listener.port
    return {f: set(files) for f, files in ports.items() if len(set(files.values())) == len(files) > 1}


def _notes(made: dict[str, Runner]) -> Iterator[Diagnostic]:
    seen = {(r.folder, r.pod.span) for r in made.values()}
    for folder, span in sorted(seen, key=lambda pair: pair[0]):
        if span is not None:
            yield Diagnostic.at(span, Problem.UNLINKED_CODE, folder=folder or ".")
