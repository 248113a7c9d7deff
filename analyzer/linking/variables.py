"""What the environment of a container holds: every variable a program can read there, as far as manifests say.

Source: Kubernetes core/v1 EnvVar (``$(NAME)`` references earlier variables and service links; ``$$`` escapes), and
kubernetes/kubernetes pkg/kubelet/envvars (service links: ``{NAME}_SERVICE_HOST``, not for headless services).
Shape: a value of ``None`` exists but is not in the repository (a Secret, a pod's own address).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.linking.mesh import Mesh, Pod, ServiceNode
from parsers.facts.kubernetes import ConfigEntry, ConfigMap, Container, EnvEntry
from parsers.source import Span

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.\-][\w.\-]*)\)")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable and the line that sets it; ``linked`` where Kubernetes itself does."""

    value: str | None
    span: Span | None
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Variables:
    """The environment of one container; ``complete`` where a manifest states it, so that what it lacks is not set."""

    known: Mapping[str, Variable]
    complete: bool

    def get(self, name: str) -> Variable | None:
        return self.known.get(name)


NO_VARIABLES = Variables({}, complete=False)


class Environments:
    """The environments of a mesh's containers; indexes what many of them share."""

    def __init__(self, mesh: Mesh) -> None:
        self._links: dict[str, dict[str, Variable]] = {}
        self._maps: defaultdict[tuple[bool, str], list[ConfigMap]] = defaultdict(list)
        self._spaces: defaultdict[tuple[bool, str], list[ConfigMap]] = defaultdict(list)
        for config in mesh.all(ConfigMap):
            self._maps[config.secret, config.meta.name].append(config)
            self._spaces[config.secret, config.meta.ns].append(config)
        for service in mesh.services.values():
            self._links.setdefault(service.namespace, {}).update(_service_links(service))

    def of(self, pod: Pod, container: Container | None, image: Iterable[ConfigEntry] = ()) -> Variables:
        """The container's environment: image, service links, ``envFrom``, ``env``, each over the one before."""
        found: dict[str, Variable] = {e.key: Variable(e.value, e.span) for e in image}
        if container is None:
            return Variables(found, complete=False)
        found.update(self._links.get(pod.namespace, {}))
        for source in container.env_from:
            name, secret = source.config_map or source.secret or "", source.secret is not None
            for entry in self._entries(name, pod.namespace, secret=secret):
                found[source.prefix + entry.key] = Variable(entry.value, entry.span)
        for written in container.env:
            value = self._written(written, pod)
            found[written.name] = Variable(_expanded(value, found), written.span)
        return Variables(found, complete=True)

    def entries(self, config_map: str, namespace: str) -> tuple[ConfigEntry, ...]:
        """The entries of a ConfigMap, as a pod of the namespace finds it."""
        return self._entries(config_map, namespace, secret=False)

    def _written(self, entry: EnvEntry, pod: Pod) -> str | None:
        if entry.value is not None:
            return entry.value
        if entry.field_path is not None:
            return _field(entry.field_path, pod)
        name = entry.config_map or entry.secret
        if name is None:
            return ""
        entries = self._entries(name, pod.namespace, secret=entry.secret is not None)
        return next((e.value for e in entries if e.key == entry.key), None)

    def _entries(self, name: str, namespace: str, *, secret: bool) -> tuple[ConfigEntry, ...]:
        """The object's entries: of the pod's namespace, else the only one of that name, prefixed names included."""
        named = self._maps.get((secret, name), [])
        here = [c for c in named if c.meta.ns == namespace]
        if here or len(named) == 1:
            return (here or named)[0].entries
        affixed = [c for c in self._spaces.get((secret, namespace), []) if _affixed(c.meta.name, name)]
        return affixed[0].entries if len(affixed) == 1 else ()


def _field(path: str, pod: Pod) -> str | None:
    """The downward API, as far as it does not depend on the running pod."""
    if path == "metadata.namespace":
        return pod.namespace
    if path == "spec.serviceAccountName":
        return pod.service_account
    match = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if match:
        return (pod.labels if match[1] == "labels" else pod.annotations).get(match[2])
    return None


def _expanded(value: str | None, earlier: Mapping[str, Variable]) -> str | None:
    """Put earlier variables in place; a reference to nothing stays as written, one to a secret makes it unknown."""
    if value is None or "$" not in value:
        return value
    hidden = any(n and n in earlier and earlier[n].value is None for n in _REFERENCE.findall(value))

    def put(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        found = earlier.get(match[1])
        return match[0] if found is None else found.value or ""

    return None if hidden else _REFERENCE.sub(put, value)


def _affixed(full: str, name: str) -> bool:
    """A kustomization's prefix, suffix or content hash around the name that was written."""
    return full.endswith(f"-{name}") or full.startswith(f"{name}-")


def _service_links(service: ServiceNode) -> Iterator[tuple[str, Variable]]:
    """``PAYMENTS_SERVICE_HOST`` and its like for a service of the namespace (``enableServiceLinks`` is on)."""
    fact = service.fact
    if fact is None or fact.headless or fact.external_name or not fact.ports:
        return
    base = re.sub(r"[^A-Z0-9]", "_", service.name.upper())
    first = fact.ports[0]
    yield f"{base}_SERVICE_HOST", Variable(service.name, fact.span, linked=True)
    yield f"{base}_SERVICE_PORT", Variable(str(first.port), first.span, linked=True)
    yield f"{base}_PORT", Variable(f"{first.protocol.lower()}://{service.name}:{first.port}", first.span, linked=True)
    for port in fact.ports:
        if port.name:
            key = f"{base}_SERVICE_PORT_{re.sub(r'[^A-Z0-9]', '_', port.name.upper())}"
            yield key, Variable(str(port.port), port.span, linked=True)
