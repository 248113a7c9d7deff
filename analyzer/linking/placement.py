"""Which container runs which code.

Evidence, the surest first: the configuration (``code``), the folders an image is built from (compose build, skaffold,
Dockerfile), a folder named like a workload, its image, a container or the service. The nearest enclosing folder wins; a
folder that an image is built from beats a name below it. Several containers of one folder share its code, less what
their commands exclude: ``celery worker`` serves no HTTP, a module named by one command is not run by another.
Errors: code that nothing runs is a service of its own, with an L003 diagnostic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TypeVar

from analyzer.linking.commands import Command, command, runs
from analyzer.linking.images import Image, images
from analyzer.linking.mesh import Mesh, Pod
from analyzer.linking.names import GENERIC, Alike, core, image_name, image_path, squeezed
from analyzer.linking.unclaimed import unclaimed
from analyzer.options import Options
from parsers.diagnostics import Code, Diagnostic
from parsers.facts.kubernetes import ConfigEntry, Container, ImageSource, Kustomization
from parsers.facts.python import Call, Handler, Listener

F = TypeVar("F", Handler, Call)

#: Containers that are never a program of the repository.
_SIDECARS_WORDS = "envoy istioproxy linkerdproxy cloudsqlproxy fluentd fluentbit nginx redis jaegeragent daprd"
_SIDECARS = frozenset(_SIDECARS_WORDS.split())


@dataclass(frozen=True, slots=True)
class Runner:
    """A container that runs a folder's code; a bare pod has no container. ``image`` tells images apart."""

    pod: Pod
    container: Container | None
    folder: str
    env: tuple[ConfigEntry, ...] = ()
    command: Command = field(default_factory=Command)
    image: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """The code of one runner."""

    runner: Runner
    handlers: tuple[Handler, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """All code, placed; ``pods`` are those that no manifest describes; ``ports`` are where their code listens."""

    placed: tuple[Placed, ...]
    pods: tuple[Pod, ...]
    diagnostics: tuple[Diagnostic, ...]
    ports: dict[int, str]


def place(mesh: Mesh, options: Options) -> Placement:
    """Find the runners of every handler and call."""
    handlers, calls = mesh.all(Handler), mesh.all(Call)
    paths = sorted({h.span.path for h in handlers} | {c.span.path for c in calls})
    folders = sorted({_folder(p) for p in paths})
    built = images(mesh.all(ImageSource), paths)
    runners = _Runners(mesh, options, built)
    claimed: dict[str, tuple[Runner, ...]] = {f: runners.of(f) for f in folders}
    made = _made(mesh, [f for f in folders if not claimed[f]], built, handlers, calls)
    claimed |= {folder: (runner,) for folder, runner in made.items()}
    pods = {r.pod.id: r.pod for r in made.values()}
    return Placement(
        tuple(_placed(claimed, handlers, calls)),
        tuple(pods[i] for i in sorted(pods)),
        tuple(_notes(made)),
        _ports(mesh, made),
    )


def _placed(
    claimed: dict[str, tuple[Runner, ...]], handlers: tuple[Handler, ...], calls: tuple[Call, ...]
) -> Iterator[Placed]:
    by_runner: dict[tuple[str, str], list[tuple[str, Runner]]] = {}
    for folder, found in claimed.items():
        for runner in found:
            key = (runner.pod.id, runner.container.name if runner.container else "")
            by_runner.setdefault(key, []).append((folder, runner))
    received, sent = _by_folder(handlers), _by_folder(calls)
    shared = {f for f, found in claimed.items() if len({r.image or r.pod.id for r in found}) > 1}
    started = {r.pod.id: set(r.command.paths) for found in claimed.values() for r in found}
    for key in sorted(by_runner):
        mine = [f for f, _ in by_runner[key]]
        runner = by_runner[key][0][1]
        with_me = {r.pod.id for f in mine for r in claimed[f]}
        others = {p for i in with_me if i != runner.pod.id for p in started[i]} - set(runner.command.paths)
        own = (h for f in mine for h in received.get(f, ()))
        yield Placed(
            runner,
            tuple(h for h in own if runs(runner.command, h, others, shared=len(with_me) > 1)),
            tuple(c for f in mine if f not in shared for c in sent.get(f, ())),
        )


def _by_folder(facts: tuple[F, ...]) -> dict[str, list[F]]:
    found: dict[str, list[F]] = {}
    for fact in facts:
        found.setdefault(_folder(fact.span.path), []).append(fact)
    return found


class _Runners:
    """Answers which containers run the code in a folder."""

    def __init__(self, mesh: Mesh, options: Options, built: tuple[Image, ...]) -> None:
        self._mesh = mesh
        self._built = built
        self._containers = [(p, c) for p in mesh.pods.values() for c in _programs(p)]
        self._services: dict[str, list[str]] = {}
        for service in mesh.services.values():
            for pod in service.pods:
                self._services.setdefault(pod.id, []).append(service.name)
        self._renamed = [pair for k in mesh.all(Kustomization) for pair in k.images]
        self._strong: dict[str, list[Runner]] = {}
        self._by_name: dict[str, list[Image]] = {}
        self._by_last: dict[str, list[Image]] = {}
        self._by_folder: Alike[Image] = Alike(folders=True)
        self._index()
        for pod, container in self._containers:
            self._link(pod, container, options)
        self._free = self._names()

    def of(self, folder: str) -> tuple[Runner, ...]:
        """The runners of the nearest folder that has any."""
        above = list(_ancestors(folder))
        strong = next((a for a in above if a in self._strong), None)
        if strong:
            return tuple(self._strong[strong])
        for at in above:
            if named := self._named(at):
                return named
        return tuple(self._strong[strong]) if strong is not None else ()

    def _link(self, pod: Pod, container: Container, options: Options) -> None:
        """By configuration, else by image."""
        names = {pod.name, pod.id, *self._services.get(pod.id, ())}
        names |= {f"{pod.namespace}/{s}" for s in self._services.get(pod.id, ())}
        configured = [_clean(folder) for folder, name in options.code if name in names]
        image = self._image(pod, container)
        folders = configured or (image.folders if image else ())
        if not folders and pod.fact is not None and pod.fact.build is not None:
            folders = (_clean(pod.fact.build),)
        for folder in folders:
            runner = self._runner(folder, pod, container, image)
            if runner not in self._strong.setdefault(folder, []):
                self._strong[folder].append(runner)

    def _image(self, pod: Pod, container: Container) -> Image | None:
        """What the container's image is built from: by compose, by the image's name, else by a folder's."""
        fact = pod.fact
        if fact is not None and fact.build is not None:
            inside = [
                i
                for i in self._built
                if i.span.path == fact.span.path and _within(i, fact.span.line, fact.span.end_line)
            ]
            here = [i for i in self._built if i.context == _clean(fact.build)]
            return next(iter(inside or here), None)
        if not container.image:
            return None
        path = image_path(container.image)
        paths = (
            {path} | {new for old, new in self._renamed if old == path} | {o for o, new in self._renamed if new == path}
        )
        exact = [i for p in sorted(paths) for i in self._by_name.get(p, ())]
        last = [i for p in sorted(paths) for i in self._by_last.get(squeezed(image_name(p)), ())]
        return next(iter(exact or last), None) or self._alike_image(pod, container)

    def _index(self) -> None:
        for image in self._built:
            for name in image.names:
                self._by_name.setdefault(name, []).append(image)
                self._by_last.setdefault(squeezed(image_name(name)), []).append(image)
            for name in image.hints or [n for f in image.folders if (n := _telling(f))]:
                self._by_folder.add(name, image)

    def _alike_image(self, pod: Pod, container: Container) -> Image | None:
        """A Dockerfile that nothing names: its folder is called like the image or the workload."""
        found = [self._by_folder.best(n) for n in (image_name(container.image), pod.name)]
        score, chosen = max(found, key=lambda pair: pair[0])
        return chosen[0] if score and len({i.folders for i in chosen}) == 1 else None

    def _runner(self, folder: str, pod: Pod, container: Container, image: Image | None) -> Runner:
        words = (*container.command, *container.args)
        if image is not None and not container.command:
            words = (*image.command, *container.args)
        folders = (folder, image.context) if image else (folder,)
        label = str(image.span) if image else image_path(container.image)
        return Runner(pod, container, folder, image.env if image else (), command(words, folders), label)

    def _named(self, folder: str) -> tuple[Runner, ...]:
        """Containers whose workload, image or service is called like the folder."""
        name = PurePosixPath(folder).name
        if not name or (name.lower() in GENERIC and "/" in folder):
            return ()
        score, found = self._free.best(name)
        chosen = {(pod.id, c.name): (pod, c) for pod, c in found}
        if score == 1 and len({core(pod.name) for pod, _ in found}) > 1:
            return ()
        inside = next((i for i in self._built if folder in i.folders), None) if chosen else None
        return tuple(self._runner(folder, *chosen[key], inside) for key in sorted(chosen))

    def _names(self) -> Alike[tuple[Pod, Container]]:
        """Containers that no image links, under every name that may be their folder's."""
        taken = {(r.pod.id, r.container.name if r.container else "") for rs in self._strong.values() for r in rs}
        several = {i for i, n in Counter(p.id for p, _ in self._containers).items() if n > 1}
        found: Alike[tuple[Pod, Container]] = Alike()
        for pod, container in self._containers:
            if (pod.id, container.name) in taken:
                continue
            names = [container.name, image_name(container.image)]
            if pod.id not in several or squeezed(container.name) not in _SIDECARS:
                names += [pod.name, pod.labels.get("app", ""), *self._services.get(pod.id, ())]
            for name in dict.fromkeys(names):
                found.add(name, (pod, container))
        return found


def _programs(pod: Pod) -> tuple[Container, ...]:
    """The containers that may run code of the repository; an init container only where it is alone."""
    containers = pod.fact.containers if pod.fact else ()
    return tuple(c for c in containers if not c.init) or containers


def _within(image: Image, first: int, last: int) -> bool:
    return first <= image.span.line <= last


def _telling(folder: str) -> str:
    """The part of a folder's path that says which service it is."""
    parts = [p for p in PurePosixPath(folder).parts if p.lower() not in GENERIC]
    return parts[-1] if parts else ""


def _clean(folder: str) -> str:
    return "" if folder in (".", "./") else folder.strip("/").removeprefix("./")


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _ancestors(folder: str) -> Iterator[str]:
    """The folder, then each around it, then the root (``""``)."""
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""


def _made(
    mesh: Mesh,
    folders: list[str],
    built: tuple[Image, ...],
    handlers: tuple[Handler, ...],
    calls: tuple[Call, ...],
) -> dict[str, Runner]:
    """Services made of code alone, by folder."""
    inside = {f: i for i in built for f in i.folders}
    spans = sorted([h.span for h in handlers] + [c.span for c in calls])
    found: dict[str, Runner] = {}
    for folder, unit, pod in unclaimed(mesh.services, folders, inside, spans):
        image = inside.get(unit)
        words = image.command if image else ()
        env = image.env if image else ()
        found[folder] = Runner(pod, None, unit, env, command(words, (unit,)), unit or ".")
    return found


def _notes(made: dict[str, Runner]) -> Iterator[Diagnostic]:
    seen = {(r.folder, r.pod.span) for r in made.values()}
    for folder, span in sorted(seen, key=lambda pair: pair[0]):
        if span is not None:
            yield Diagnostic.at(span, Code.UNLINKED_CODE, folder=folder or ".")


def _ports(mesh: Mesh, made: dict[str, Runner]) -> dict[int, str]:
    """Where code without a manifest listens, as far as only one program does."""
    found: dict[int, set[str]] = {}
    for listener in mesh.all(Listener):
        unit = made.get(_folder(listener.span.path))
        if unit is not None:
            found.setdefault(listener.port, set()).add(unit.pod.id)
    return {port: min(ids) for port, ids in sorted(found.items()) if len(ids) == 1}
