"""Containers and the folders whose code they run: by configuration, by image, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from analyzer.linking.commands import Command, command
from analyzer.linking.images import Image
from analyzer.linking.mesh import Mesh, Pod
from analyzer.linking.names import GENERIC, Alike, core, image_name, image_path, image_tag, squeezed, stock, telling
from analyzer.options import Options
from parsers.facts.kubernetes import ConfigEntry, Container, Kustomization

#: Containers that are never a program of the repository.
_SIDECARS_WORDS = "envoy istioproxy linkerdproxy cloudsqlproxy fluentd fluentbit nginx redis jaegeragent daprd"
_SIDECARS = frozenset(_SIDECARS_WORDS.split())


@dataclass(frozen=True, slots=True)
class Runner:
    """A container that runs a folder's code, or only ``files`` of it; a bare pod has no container.

    ``image`` tells images apart.
    """

    pod: Pod
    container: Container | None
    folder: str
    env: tuple[ConfigEntry, ...] = ()
    command: Command = field(default_factory=Command)
    image: str = ""
    ports: tuple[int, ...] = ()
    files: tuple[str, ...] = ()


class Runners:
    """Answers which containers run the code in a folder. ``env`` is what each container's image sets."""

    def __init__(self, mesh: Mesh, options: Options, built: tuple[Image, ...]) -> None:
        self._mesh = mesh
        self._built = built
        self._containers = [(p, c) for p in mesh.pods.values() for c in _programs(p)]
        self._services: dict[str, list[str]] = {}
        for service in mesh.services.values():
            for pod in service.pods:
                self._services.setdefault(pod.id, []).append(service.name)
        self._renamed = [pair for k in mesh.all(Kustomization) for pair in k.images]
        self.env: dict[tuple[str, str], tuple[ConfigEntry, ...]] = {}
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
        above = list(ancestors(folder))
        strong = next((a for a in above if a in self._strong), None)
        if strong:
            return tuple(self._strong[strong])
        for at in above:
            if named := self._named(at):
                return named
        return tuple(self._strong[strong]) if strong is not None else ()

    def only(self) -> tuple[Runner, ...]:
        """The containers of the one image that is not somebody else's: a repository of one program."""
        own = [(pod, c) for pod, c in self._containers if c.image and not stock(c.image)]
        if len({image_path(c.image) for _, c in own}) != 1 or len(self._built) > 1:
            return ()
        root = next((i for i in self._built if i.folders == ("",)), None)
        return tuple(self._runner("", pod, c, root) for pod, c in own)

    def _link(self, pod: Pod, container: Container, options: Options) -> None:
        """By configuration, else by image."""
        names = {pod.name, pod.id, *self._services.get(pod.id, ())}
        names |= {f"{pod.namespace}/{s}" for s in self._services.get(pod.id, ())}
        configured = [_clean(folder) for folder, name in options.code if name in names]
        image = self._image(pod, container)
        if image is not None and image.env:
            self.env[pod.id, container.name] = image.env
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
        if not container.image or stock(container.image):
            return None
        path = image_path(container.image)
        paths = (
            {path} | {new for old, new in self._renamed if old == path} | {o for o, new in self._renamed if new == path}
        )
        exact = [i for p in sorted(paths) for i in self._by_name.get(p, ())]
        last = [i for p in sorted(paths) for i in self._by_last.get(squeezed(image_name(p)), ())]
        return _narrowed(exact or last, pod, container) or self._alike_image(pod, container)

    def _index(self) -> None:
        for image in self._built:
            for name in image.names:
                self._by_name.setdefault(name, []).append(image)
                self._by_last.setdefault(squeezed(image_name(name)), []).append(image)
            for name in image.hints or [n for f in image.folders if (n := _telling(f))]:
                self._by_folder.add(name, image)

    def _alike_image(self, pod: Pod, container: Container) -> Image | None:
        """A Dockerfile that nothing names: its folder is called like the image or the workload."""
        score, chosen = self._by_folder.best(image_name(container.image))
        named, others = self._by_folder.best(pod.name)
        if named > max(score, 1):
            score, chosen = named, others
        return chosen[0] if score and len({i.folders for i in chosen}) == 1 else None

    def _runner(self, folder: str, pod: Pod, container: Container, image: Image | None) -> Runner:
        words = (*container.command, *container.args)
        if image is not None and not container.command:
            words = (*image.command, *container.args)
        folders = (folder, image.context) if image else (folder,)
        label = str(image.span) if image else image_path(container.image)
        env, ports, files = (image.env, image.ports, image.files) if image else ((), (), ())
        return Runner(pod, container, folder, env, command(words, folders), label, ports, files)

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
            if (pod.id, container.name) in taken or stock(container.image):
                continue
            names = [container.name, image_name(container.image)]
            if pod.id not in several or squeezed(container.name) not in _SIDECARS:
                names += [pod.name, pod.labels.get("app", ""), *self._services.get(pod.id, ())]
            for name in dict.fromkeys(names):
                found.add(name, (pod, container))
        return found


def _narrowed(found: list[Image], pod: Pod, container: Container) -> Image | None:
    """Of images of one name the one with the same tag, or else with a folder called like the workload."""
    if len({i.folders for i in found}) <= 1:
        return next(iter(found), None)
    said = telling(image_tag(container.image))
    tagged = [i for i in found if said and telling(i.tag) == said]
    if len({i.folders for i in tagged}) == 1:
        return tagged[0]
    by_folder: Alike[Image] = Alike()
    for image in found:
        for folder in image.folders:
            by_folder.add(_telling(folder), image)
    for name in (" ".join(said), container.name, pod.name):
        score, alike = by_folder.best(name)
        if score > 1 and len({i.folders for i in alike}) == 1:
            return alike[0]
    return None


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


def folder_of(path: str) -> str:
    """The folder of a file; the root is ``""``."""
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def ancestors(folder: str) -> Iterator[str]:
    """The folder, then each around it, then the root (``""``)."""
    while folder:
        yield folder
        folder = folder_of(folder)
    yield ""
