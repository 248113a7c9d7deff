"""Which container runs which code.

Evidence, the surest first: the configuration (``code``), the folder an image is built from (compose build, skaffold,
Dockerfile), a folder named like a workload, its image, a container or the service. The nearest enclosing folder wins; a
folder that an image is built from beats a name below it. Several containers of one folder share its code, less what
their commands exclude: ``celery worker`` serves no HTTP, a module named by one command is not run by another.
Errors: code that nothing runs is a service of its own, with an L003 diagnostic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from analyzer.linking.commands import Command, command, runs
from analyzer.linking.mesh import Mesh, Pod
from analyzer.linking.names import core, image_name, image_path, likeness, squeezed
from analyzer.linking.topology import bare_pod
from analyzer.options import Options
from parsers.diagnostics import Code, Diagnostic
from parsers.facts.kubernetes import ConfigEntry, Container, ImageSource
from parsers.facts.python import Call, Handler, Listener
from parsers.source import Span

#: Folder names that say nothing of which service it is.
_GENERIC_WORDS = (
    "server libs python api shared routers src lib packages routes main controllers backend pkg py source endpoints "
    "cmd project code web handlers utils service core common app services internal clients client views apps"
)
GENERIC = frozenset(_GENERIC_WORDS.split())


@dataclass(frozen=True, slots=True)
class Runner:
    """A container that runs a folder's code; a bare pod has no container."""

    pod: Pod
    container: Container | None
    folder: str
    image: tuple[ConfigEntry, ...] = ()
    command: Command = field(default_factory=Command)


@dataclass(frozen=True, slots=True)
class Placed:
    """The code of one runner."""

    runner: Runner
    handlers: tuple[Handler, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """All code, placed; ``pods`` are those that no manifest describes."""

    placed: tuple[Placed, ...]
    pods: tuple[Pod, ...]
    diagnostics: tuple[Diagnostic, ...]
    ports: dict[int, str]


def place(mesh: Mesh, options: Options) -> Placement:
    """Find the runners of every handler and call."""
    handlers, calls = mesh.all(Handler), mesh.all(Call)
    folders = sorted({_folder(h.span.path) for h in handlers} | {_folder(c.span.path) for c in calls})
    runners = _Runners(mesh, options)
    claimed: dict[str, tuple[Runner, ...]] = {f: runners.of(f) for f in folders}
    made = dict(_unclaimed(mesh, [f for f in folders if not claimed[f]], handlers, calls))
    for folder, unit in made.items():
        claimed[folder] = (unit,)
    everyone = {(r.pod.id, r.container.name if r.container else "", r.folder): r for rs in claimed.values() for r in rs}
    siblings = {key: [r for r in everyone.values() if r.folder == everyone[key].folder] for key in everyone}
    placed = []
    for key, runner in sorted(everyone.items()):
        mine = {f for f, rs in claimed.items() if runner in rs}
        own = tuple(h for h in handlers if _folder(h.span.path) in mine)
        entries = {r.command.module_path for r in siblings[key] if r.command.module_path}
        placed.append(
            Placed(
                runner,
                tuple(h for h in own if runs(runner.command, h, entries, shared=len(siblings[key]) > 1)),
                tuple(c for c in calls if _folder(c.span.path) in mine),
            )
        )
    pods = {r.pod.id: r.pod for r in made.values()}
    return Placement(
        tuple(placed),
        tuple(pods[i] for i in sorted(pods)),
        tuple(_notes(made)),
        _ports(mesh, made),
    )


class _Runners:
    """Answers which containers run the code in a folder."""

    def __init__(self, mesh: Mesh, options: Options) -> None:
        self._mesh = mesh
        self._containers = [
            (pod, c)
            for pod in mesh.pods.values()
            for c in (pod.fact.containers if pod.fact else ())
            if not c.init or len(pod.fact.containers if pod.fact else ()) == 1
        ]
        self._sources = mesh.all(ImageSource)
        self._strong: dict[str, list[Runner]] = {}
        self._configure(options)
        self._build()
        self._taken = {(r.pod.id, r.container.name if r.container else "") for rs in self._strong.values() for r in rs}

    def of(self, folder: str) -> tuple[Runner, ...]:
        """The runners of the nearest folder that has any."""
        above = list(_ancestors(folder))
        strong = next((a for a in above if a in self._strong), None)
        for at in above:
            if at == strong and at != "":
                return tuple(self._strong[at])
            if strong and not at.startswith(f"{strong}/"):
                break
            if strong in (None, "") and (named := self._named(at)):
                return named
        return tuple(self._strong[strong]) if strong is not None else ()

    def _configure(self, options: Options) -> None:
        for folder, name in options.code:
            for pod, container in self._containers:
                services = {s.name for s in self._mesh.services_of(pod)} | {s.id for s in self._mesh.services_of(pod)}
                if name in {pod.name, pod.id} | services:
                    self._add(_clean(folder), pod, container)

    def _build(self) -> None:
        for pod, container in self._containers:
            if pod.fact is not None and pod.fact.build is not None:
                self._add(_clean(pod.fact.build), pod, container)
                continue
            if source := self._source(pod, container):
                for folder in _code_folders(source):
                    self._add(folder, pod, container)

    def _source(self, pod: Pod, container: Container) -> ImageSource | None:
        """What the container's image is built from: by the image's name, else by the folder's."""
        if not container.image:
            return None
        path, last = image_path(container.image), image_name(container.image)
        exact = [s for s in self._sources if s.image and image_path(s.image) == path]
        named = [s for s in self._sources if s.image and squeezed(image_name(s.image)) == squeezed(last)]
        for found in (exact, named):
            if found:
                return min(found, key=lambda s: (not s.command, s.folder, s.span))
        scored = [(max(likeness(n, last), likeness(n, pod.name)), len(n), s) for s in self._sources for n in _names(s)]
        best = max(((a, b) for a, b, _ in scored), default=(0, 0))
        found = [s for a, b, s in scored if (a, b) == best]
        folders = {s.folder for s in found}
        return found[0] if best[0] > 0 and len(folders) == 1 else None

    def _add(self, folder: str, pod: Pod, container: Container) -> None:
        runner = self._runner(folder, pod, container)
        if runner not in self._strong.setdefault(folder, []):
            self._strong[folder].append(runner)

    def _runner(self, folder: str, pod: Pod, container: Container) -> Runner:
        inside = [s for s in self._sources if s.folder.strip("/") == folder and (s.command or s.env)]
        words = (*container.command, *container.args)
        if not container.command and inside:
            words = (*inside[0].command, *container.args)
        env = inside[0].env if inside else ()
        return Runner(pod, container, folder, env, command(words, folder))

    def _named(self, folder: str) -> tuple[Runner, ...]:
        """Containers whose workload, image or service is called like the folder."""
        name = PurePosixPath(folder).name
        if not name or (name.lower() in GENERIC and "/" in folder):
            return ()
        found = [
            (self._alike(name, pod, c), pod, c) for pod, c in self._containers if (pod.id, c.name) not in self._taken
        ]
        best = max((score for score, *_ in found), default=0)
        chosen = [(pod, c) for score, pod, c in found if score == best] if best else []
        if best == 1 and len({core(pod.name) for pod, _ in chosen}) > 1:
            return ()
        return tuple(self._runner(folder, pod, c) for pod, c in chosen)

    def _alike(self, folder: str, pod: Pod, container: Container) -> int:
        services = [s.name for s in self._mesh.services_of(pod)]
        several = len([c for p, c in self._containers if p.id == pod.id]) > 1
        names = [container.name, image_name(container.image)]
        if not several or squeezed(container.name) not in _SIDECARS:
            names += [pod.name, pod.labels.get("app", ""), *services]
        return max(likeness(folder, n) for n in names if n)


_SIDECARS_WORDS = "envoy istioproxy linkerdproxy cloudsqlproxy fluentd fluentbit nginx redis jaegeragent daprd"
_SIDECARS = frozenset(_SIDECARS_WORDS.split())


def _names(source: ImageSource) -> tuple[str, ...]:
    folder = PurePosixPath(source.folder.strip("/"))
    names = [p for p in (folder.name, folder.parent.name) if p and p.lower() not in GENERIC]
    return tuple(names[:1])


def _code_folders(source: ImageSource) -> Iterator[str]:
    """Where the image's code is: what its Dockerfile copies from elsewhere, else the folder itself."""
    yield _clean(source.folder)


def _clean(folder: str) -> str:
    return folder.strip("/").removeprefix("./").rstrip(".").rstrip("/")


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _ancestors(folder: str) -> Iterator[str]:
    """The folder, then each around it, then the root (``""``)."""
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""


def _unclaimed(
    mesh: Mesh, folders: list[str], handlers: tuple[Handler, ...], calls: tuple[Call, ...]
) -> Iterator[tuple[str, Runner]]:
    """Services made of code alone, by folder."""
    built = {s.folder.strip("/"): s for s in mesh.all(ImageSource)}
    units: dict[str, str] = {f: _unit(f, folders, built) for f in folders}
    names: dict[str, str] = {}
    for unit in sorted(set(units.values())):
        name = _unit_name(unit)
        taken = f"default/{name}" in mesh.services or name in names.values()
        names[unit] = name if not taken else re.sub(r"[^a-z0-9-]+", "-", unit.lower()).strip("-") or f"{name}-code"
    spans: dict[str, Span] = {}
    for span in sorted([h.span for h in handlers] + [c.span for c in calls]):
        found = units.get(_folder(span.path))
        if found is not None:
            spans.setdefault(found, span)
    for folder, unit in units.items():
        pod = bare_pod("default", names[unit], spans[unit])
        source = built.get(unit)
        words = source.command if source else ()
        yield folder, Runner(pod, None, unit, source.env if source else (), command(words, unit))


def _unit(folder: str, folders: list[str], built: dict[str, ImageSource]) -> str:
    """The folder of the program: an image's, else the outermost with code of its own, generic names left off."""
    above = list(_ancestors(folder))
    image = next((a for a in above if a and a in built), None)
    if image is not None:
        return image
    outer = [a for a in above if a in folders and a] or above[:1]
    unit = outer[-1]
    while unit and PurePosixPath(unit).name.lower() in GENERIC and "/" in unit:
        unit = _folder(unit)
    return unit


def _unit_name(unit: str) -> str:
    name = re.sub(r"[^a-z0-9-]+", "-", PurePosixPath(unit).name.lower()).strip("-")
    return name or "app"


def _notes(made: dict[str, Runner]) -> Iterator[Diagnostic]:
    for unit in sorted({(r.folder, r.pod.id) for r in made.values()}):
        runner = next(r for r in made.values() if (r.folder, r.pod.id) == unit)
        if runner.pod.span is not None:
            yield Diagnostic.at(runner.pod.span, Code.UNLINKED_CODE, folder=runner.folder or ".")


def _ports(mesh: Mesh, made: dict[str, Runner]) -> dict[int, str]:
    """Where code without a manifest listens, as far as only one program does."""
    found: dict[int, set[str]] = {}
    for listener in mesh.all(Listener):
        unit = next((r for f, r in made.items() if f == _folder(listener.span.path)), None)
        if unit is not None:
            found.setdefault(listener.port, set()).add(unit.pod.id)
    return {port: min(ids) for port, ids in sorted(found.items()) if len(ids) == 1}
