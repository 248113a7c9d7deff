"""Namespaces, workloads and services from manifests: everything of the mesh that needs no code.

Shape: a compose service is a workload of kind ``ComposeService`` in ``default``; a compose file whose services the
manifests define too is left out. Hosts of ServiceEntries are services ``external:host``.
Errors: none; what does not fit together is a diagnostic (L00x).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import cast

from analyzer.linking.compose import composed
from analyzer.linking.mesh import Mesh, Pod, ServiceNode, by_kind
from analyzer.linking.variants import choose
from analyzer.options import Options
from parsers.diagnostics import Diagnostic
from parsers.facts import Labels, Meta
from parsers.facts.istio import MeshVersion, ServiceEntry
from parsers.facts.kubernetes import Namespace, Service, Workload
from parsers.source import Span


def topology(facts: Iterable[object], options: Options) -> tuple[Mesh, tuple[Diagnostic, ...]]:
    """The mesh without programs and wires."""
    choice = choose(composed(facts), options)
    index = by_kind(sorted(choice.facts, key=_order))
    workloads = cast("tuple[Workload, ...]", index.get(Workload, ()))
    services = cast("tuple[Service, ...]", index.get(Service, ()))
    entries = cast("tuple[ServiceEntry, ...]", index.get(ServiceEntry, ()))
    declared = {n.meta.name: n for n in cast("tuple[Namespace, ...]", index.get(Namespace, ()))}
    pods = _pods(workloads)
    names = {w.meta.ns for w in workloads} | {s.meta.ns for s in services} | set(declared)
    version, source, span = _istio_version(index, options)
    mesh = Mesh(
        facts=index,
        namespaces={n: declared.get(n) for n in sorted(names)},
        pods=pods,
        services={**_services(services, pods), **_outside(entries)},
        istio_version=version,
        istio_version_source=source,
        istio_version_span=span,
    )
    return mesh, choice.diagnostics


def bare_pod(namespace: str, name: str, span: Span | None) -> Pod:
    """A pod that no manifest describes: code that runs somewhere."""
    return Pod(f"{namespace}/{name}", namespace, name, Labels(), Labels(), "default", None, span)


def external(host: str) -> ServiceNode:
    """Something that lies outside the analysed system."""
    return ServiceNode(f"external:{host}", "", host, None, ())


def _order(fact: object) -> tuple[str, str, str, str]:
    meta = getattr(fact, "meta", None)
    namespace, name = (meta.ns, meta.name) if isinstance(meta, Meta) else ("", "")
    span = getattr(fact, "span", None)
    where = f"{span.path}:{span.line:09}:{span.column:09}" if isinstance(span, Span) else ""
    return (type(fact).__name__, namespace, name, where)


def _pods(workloads: tuple[Workload, ...]) -> dict[str, Pod]:
    found: dict[str, Pod] = {}
    for workload in workloads:
        plain = f"{workload.meta.ns}/{workload.meta.name}"
        key = plain if plain not in found else f"{plain}.{workload.kind.lower()}"
        found[key] = Pod(
            id=key,
            namespace=workload.meta.ns,
            name=key.partition("/")[2],
            labels=workload.pod_labels,
            annotations=workload.pod_annotations,
            service_account=workload.service_account or "default",
            fact=workload,
            span=workload.span,
        )
    return dict(sorted(found.items()))


def _services(services: tuple[Service, ...], pods: dict[str, Pod]) -> dict[str, ServiceNode]:
    """Every Service, and every workload that none selects, under its id."""
    found: dict[str, ServiceNode] = {}
    selected: set[str] = set()
    labelled: defaultdict[tuple[str, str, str], list[Pod]] = defaultdict(list)
    for pod in pods.values():
        for label, value in pod.labels.items():
            labelled[pod.namespace, label, value].append(pod)
    for service in services:
        chosen = _selected(service, labelled)
        key = f"{service.meta.ns}/{service.meta.name}"
        if not service.selector and key in pods:
            chosen = (pods[key],)
        selected |= {p.id for p in chosen}
        found[key] = ServiceNode(key, service.meta.ns, service.meta.name, service, chosen)
    for pod in pods.values():
        if pod.id not in selected:
            # A Service of the same name that selects other pods, or none, does not reach this one.
            key = pod.id if pod.id not in found else f"{pod.id}.{pod.fact.kind.lower() if pod.fact else 'pod'}"
            found[key] = ServiceNode(key, pod.namespace, key.partition("/")[2], None, (pod,))
    return dict(sorted(found.items()))


def _selected(service: Service, labelled: Mapping[tuple[str, str, str], list[Pod]]) -> tuple[Pod, ...]:
    """The pods that a selector takes: of those with its rarest label, the ones that have all."""
    groups = [labelled.get((service.meta.ns, label, value), []) for label, value in service.selector.items()]
    rarest = min(groups, key=len, default=[])
    return tuple(p for p in rarest if p.labels.contains(service.selector))


def _outside(entries: tuple[ServiceEntry, ...]) -> dict[str, ServiceNode]:
    nodes = (external(h.lower().rstrip(".")) for e in entries for h in e.hosts)
    return {n.id: n for n in sorted(nodes, key=lambda n: n.id)}


def _istio_version(index: dict[type, tuple[object, ...]], options: Options) -> tuple[tuple[int, ...], str, Span | None]:
    if options.istio_version:
        return options.istio_version, "--istio-version", None
    for stated in cast("tuple[MeshVersion, ...]", index.get(MeshVersion, ())):
        parts = tuple(int(p) for p in stated.version.split(".")[:3] if p.isdecimal())
        if len(parts) >= 2:
            return parts, stated.where, stated.span
    return (1, 32), "the newest modelled", None
