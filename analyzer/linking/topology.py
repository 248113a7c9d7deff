"""Namespaces, workloads and services from manifests: everything of the mesh that needs no code.

Errors: none; what does not fit together is a diagnostic (L00x).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import is_dataclass, replace
from typing import Any, cast

from analyzer.linking.mesh import Mesh, Pod, ServiceNode, by_kind
from analyzer.options import Options
from parsers.facts import Meta
from parsers.facts.istio import MeshVersion
from parsers.facts.kubernetes import Namespace, Service, Workload


def topology(facts: Iterable[object], options: Options) -> Mesh:
    """The mesh without programs and wires."""
    placed = sorted((_placed(f) for f in facts), key=_order)
    index = by_kind(placed)
    workloads = cast("tuple[Workload, ...]", index.get(Workload, ()))
    services = cast("tuple[Service, ...]", index.get(Service, ()))
    declared = {n.meta.name: n for n in cast("tuple[Namespace, ...]", index.get(Namespace, ()))}
    pods = {p.id: p for p in sorted((_pod(w) for w in workloads), key=lambda p: p.id)}
    names = {m.meta.ns for m in (*workloads, *services)} | set(declared)
    version, source, span = _istio_version(index, options)
    return Mesh(
        facts=index,
        namespaces={n: declared.get(n) for n in sorted(names)},
        pods=pods,
        services=_services(services, pods),
        istio_version=version,
        istio_version_source=source,
        istio_version_span=span,
    )


def _placed(fact: object) -> object:
    """The fact with its namespace written out: ``default`` where none is."""
    meta = getattr(fact, "meta", None)
    if isinstance(meta, Meta) and meta.namespace is None and is_dataclass(fact):
        return replace(cast("Any", fact), meta=replace(meta, namespace="default"))
    return fact


def _order(fact: object) -> tuple[str, str, str, str]:
    meta = getattr(fact, "meta", None)
    where = (meta.ns, meta.name) if isinstance(meta, Meta) else ("", "")
    span = getattr(fact, "span", None)
    return (type(fact).__name__, *where, f"{span.path}:{span.line:09}:{span.column:09}" if span else "")


def _pod(workload: Workload) -> Pod:
    return Pod(
        id=f"{workload.meta.ns}/{workload.meta.name}",
        namespace=workload.meta.ns,
        name=workload.meta.name,
        labels=workload.pod_labels,
        annotations=workload.pod_annotations,
        service_account=workload.service_account or "default",
        fact=workload,
        span=workload.span,
    )


def _services(services: tuple[Service, ...], pods: dict[str, Pod]) -> dict[str, ServiceNode]:
    """Every Service, and every workload that none selects, under its id."""
    found: dict[str, ServiceNode] = {}
    selected: set[str] = set()
    for service in services:
        chosen = tuple(
            p
            for p in pods.values()
            if service.selector and p.namespace == service.meta.ns and p.labels.contains(service.selector)
        )
        selected |= {p.id for p in chosen}
        key = f"{service.meta.ns}/{service.meta.name}"
        found[key] = ServiceNode(key, service.meta.ns, service.meta.name, service, chosen)
    for pod in pods.values():
        if pod.id not in selected and pod.id not in found:
            found[pod.id] = ServiceNode(pod.id, pod.namespace, pod.name, None, (pod,))
    return dict(sorted(found.items()))


def _istio_version(index: dict[type, tuple[object, ...]], options: Options) -> tuple[tuple[int, ...], str, Any]:
    if options.istio_version:
        return options.istio_version, "--istio-version", None
    for stated in cast("tuple[MeshVersion, ...]", index.get(MeshVersion, ())):
        parts = tuple(int(p) for p in stated.version.split(".")[:3] if p.isdecimal())
        if len(parts) >= 2:
            return parts, stated.where, stated.span
    return (1, 32), "the newest modelled", None
