"""Small meshes for tests: policies as written, one workload behind one Service."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from analyzer.linking.mesh import Mesh
from analyzer.linking.topology import topology
from analyzer.options import Options
from parsers.facts import Labels, Meta
from parsers.facts.istio import MeshConfig
from parsers.facts.kubernetes import Container, ContainerPort, Namespace, Service, ServicePort, Workload
from parsers.mesh.istio import ISTIO
from parsers.source import SourceFile, Span
from parsers.yamltree import Node, documents

SPAN = Span("mesh.yaml", 1, 1, 1, 1)

Document = Mapping[str, object]


def policy(
    spec: Document, *, name: str = "p", namespace: str = "default", annotations: Document | None = None
) -> Document:
    """An AuthorizationPolicy document."""
    metadata = {"name": name, "namespace": namespace, "annotations": annotations or {}}
    return {"kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec}


def document(kind: str, spec: Document, *, name: str = "d", namespace: str = "default") -> Document:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def read(docs: Iterable[Document]) -> list[object]:
    """The facts of documents, each in a file of its own."""
    found: list[object] = []
    for number, doc in enumerate(docs):
        group = (
            "security.istio.io/v1"
            if str(doc["kind"]).endswith(("Policy", "Authentication"))
            else "networking.istio.io/v1"
        )
        whole = {"apiVersion": group, **doc}
        for node in documents(SourceFile(f"{number}.yaml", json.dumps(whole))):
            assert isinstance(node, Node)
            found.extend(ISTIO.parse(node))
    return found


def mesh_config(trust_domains: Sequence[str], normalization: str | None = None, root: str | None = None) -> MeshConfig:
    return MeshConfig(
        root_namespace=root,
        trust_domain=trust_domains[0],
        trust_domain_aliases=tuple(trust_domains[1:]),
        default_retries=None,
        default_inbound_retries=None,
        enable_auto_mtls=None,
        outbound_mode=None,
        path_normalization=normalization,
        default_virtual_service_export_to=None,
        default_destination_rule_export_to=None,
        inject_by_default=None,
        internal_networks=(),
        span=SPAN,
    )


def meta(name: str, namespace: str, labels: Mapping[str, str] | None = None) -> Meta:
    return Meta(name, namespace, Labels(labels or {}), Labels(), SPAN)


def namespace(name: str, labels: Mapping[str, str]) -> Namespace:
    return Namespace(meta(name, None or "", labels), SPAN)


def workload(
    name: str = "app",
    namespace: str = "default",
    labels: Mapping[str, str] | None = None,
    account: str | None = None,
    *,
    host_network: bool = False,
    annotations: Mapping[str, str] | None = None,
    ports: Mapping[str, int] | None = None,
) -> Workload:
    pod_labels = Labels(labels if labels is not None else {"app": name})
    return Workload(
        "Deployment",
        meta(name, namespace),
        pod_labels,
        Labels(annotations or {}),
        account,
        host_network,
        1,
        None,
        (container(name, ports),),
        None,
        SPAN,
    )


def container(name: str, ports: Mapping[str, int] | None = None) -> Container:
    listening = tuple(ContainerPort(n, number, "TCP", SPAN) for n, number in (ports or {}).items())
    return Container(name, f"{name}:1", (), (), (), (), listening, Labels(), Labels(), False, SPAN)


def service(
    name: str = "app",
    namespace: str = "default",
    selector: Mapping[str, str] | None = None,
    port_name: str | None = "http",
    port: int = 8080,
    labels: Mapping[str, str] | None = None,
) -> Service:
    chosen = Labels(selector if selector is not None else {"app": name})
    ports = (ServicePort(port_name, port, None, "TCP", None, None, SPAN),)
    return Service(meta(name, namespace, labels), chosen, "ClusterIP", None, False, ports, SPAN)


def mesh(docs: Iterable[Document], *facts: object) -> Mesh:
    """The documents, and one workload ``default/app`` unless facts say what there is."""
    there = facts or (workload(), service())
    return topology([*read(docs), *there], Options())[0]
