"""Facts of Kubernetes manifests and docker-compose files.

Source: Kubernetes API reference (core/v1, apps/v1, batch/v1, networking.k8s.io/v1); compose-spec.
Shape: ports are numbers as written; ``target_port`` may be a container port's name.
"""

from __future__ import annotations

from dataclasses import dataclass

from parsers.facts import NO_LABELS, Labels, Meta, Selector
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class Namespace:
    """A Namespace object; its labels decide injection."""

    meta: Meta
    span: Span


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """One environment variable of a container: a literal, or a key of a ConfigMap or Secret, or a pod field."""

    name: str
    value: str | None
    config_map: str | None
    secret: str | None
    key: str | None
    field_path: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class EnvFrom:
    """All keys of a ConfigMap (or Secret) as variables, with a prefix."""

    config_map: str | None
    secret: str | None
    prefix: str
    span: Span


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a container listens on."""

    name: str | None
    number: int
    protocol: str
    span: Span


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod; ``init`` is true for an init container."""

    name: str
    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: tuple[EnvEntry, ...]
    env_from: tuple[EnvFrom, ...]
    ports: tuple[ContainerPort, ...]
    requests: Labels
    limits: Labels
    init: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Workload:
    """What runs.

    ``kind`` is Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, Pod, Rollout
    (Argo), KnativeService or ComposeService. ``replicas`` ``None``: not written, which is 1.
    """

    kind: str
    meta: Meta
    pod_labels: Labels
    pod_annotations: Labels
    service_account: str | None
    host_network: bool
    replicas: int | None
    schedule: str | None
    containers: tuple[Container, ...]
    build: str | None  # compose: the build folder, relative to the root
    span: Span
    mounted: tuple[str, ...] = ()  # ConfigMaps that are files in its containers


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service. ``target_port`` ``None`` means the same as ``port``."""

    name: str | None
    port: int
    target_port: int | str | None
    protocol: str
    app_protocol: str | None
    node_port: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Service:
    """A name that selects workloads. ``type`` is ClusterIP, NodePort, LoadBalancer or ExternalName."""

    meta: Meta
    selector: Labels
    type: str
    external_name: str | None
    headless: bool
    ports: tuple[ServicePort, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An identity that workloads run as."""

    meta: Meta
    span: Span


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One key of a ConfigMap (or of an env file)."""

    key: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """A ConfigMap; ``secret`` is true for a Secret's ``stringData`` (values of ``data`` are never read)."""

    meta: Meta
    entries: tuple[ConfigEntry, ...]
    secret: bool
    span: Span


@dataclass(frozen=True, slots=True)
class IngressPath:
    """One rule of an Ingress: where outside traffic for (host, path) goes."""

    host: str | None
    path: str
    path_type: str
    service: str
    port: int | str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Ingress:
    """An entry from outside."""

    meta: Meta
    class_name: str | None
    paths: tuple[IngressPath, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class IpBlock:
    """A CIDR with exceptions."""

    cidr: str
    excepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """One ``from``/``to`` entry: selectors (``None``: not written), or an address block."""

    pod_selector: Selector | None
    namespace_selector: Selector | None
    ip_block: IpBlock | None
    span: Span


@dataclass(frozen=True, slots=True)
class PolicyPort:
    """One ``ports`` entry: a number, a name or nothing (every port), and an optional end of range."""

    port: int | str | None
    end_port: int | None
    protocol: str
    span: Span


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One ingress or egress rule; no peers means everybody, no ports means every port."""

    peers: tuple[Peer, ...]
    ports: tuple[PolicyPort, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """A NetworkPolicy. ``ingress``/``egress`` are ``None`` where the key is absent (different from empty)."""

    meta: Meta
    pod_selector: Selector
    policy_types: tuple[str, ...]
    ingress: tuple[PolicyRule, ...] | None
    egress: tuple[PolicyRule, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class AdminRule:
    """One rule of a cluster's own policy: ``action`` is Allow, Deny or Pass (``Accept`` is read as Allow).

    ``unknown``: one of its peers is of a kind that is not modelled (nodes, domain names).
    """

    name: str
    action: str
    peers: tuple[Peer, ...]
    ports: tuple[PolicyPort, ...]
    unknown: bool
    span: Span


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """A cluster-wide policy before (``Admin``) or after (``Baseline``) NetworkPolicies; its first match decides.

    ``priority``: the lowest is asked first. ``subject`` selects the pods it is about, by namespace and by pod.
    """

    meta: Meta
    tier: str
    priority: int
    subject: Peer
    ingress: tuple[AdminRule, ...]
    egress: tuple[AdminRule, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What a kustomization.yaml says of namespaces and names.

    ``folder`` (``""`` for the root), ``resources`` (with ``bases``), ``components`` and ``patches`` (files only) are
    paths relative to the root; a resource is a file or a folder with a kustomization of its own. ``images`` are
    (name as written in manifests, new name).
    """

    folder: str
    namespace: str | None
    name_prefix: str
    name_suffix: str
    resources: tuple[str, ...]
    span: Span
    components: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    images: tuple[tuple[str, str], ...] = ()
    labels: Labels = NO_LABELS  # put on every object, most often on selectors and pod templates, too


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Which folder an image is built from: a Dockerfile's, a skaffold artifact's, a bake target's or a compose build's.

    ``folder`` is the build context, relative to the root (``""``); for a Dockerfile, the folder it is in. ``copies``
    are what COPY and ADD take from the context, as written. ``command`` is ENTRYPOINT and CMD of the last stage.
    ``dockerfile`` is the Dockerfile's path from the root: it joins a build that names one with what that file says.
    ``env`` are its ENV defaults, ``ports`` what it EXPOSEs; both of the last stage and the stages it is made from.
    """

    image: str | None
    folder: str
    copies: tuple[str, ...]
    command: tuple[str, ...]
    span: Span
    dockerfile: str | None = None
    workdir: str | None = None
    env: tuple[ConfigEntry, ...] = ()
    ports: tuple[int, ...] = ()
