"""Kubernetes' own kinds, and the workload kinds of Argo Rollouts and Knative Serving.

Source: Kubernetes API reference (core/v1, apps/v1, batch/v1, networking.k8s.io/v1; the old extensions/v1beta1);
argoproj.io/v1alpha1 Rollout; serving.knative.dev/v1 Service.
Shape: one fact per object; a Knative Service is a workload and a service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parsers.mesh import Dialect
from parsers.mesh.kubernetes import admin_policies, configuration, policies, services, workloads
from parsers.yamltree import Node

_READERS: dict[tuple[str, str], Callable[[Node], Iterator[object]]] = {
    **{("apps", kind): workloads.read for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")},
    **{("extensions", kind): workloads.read for kind in ("Deployment", "DaemonSet", "ReplicaSet")},
    **{("batch", kind): workloads.read for kind in ("Job", "CronJob")},
    **{("", kind): workloads.read for kind in ("Pod", "ReplicationController")},
    ("argoproj.io", "Rollout"): workloads.read,
    ("serving.knative.dev", "Service"): workloads.read_knative,
    ("", "Service"): services.read_service,
    ("networking.k8s.io", "Ingress"): services.read_ingress,
    ("extensions", "Ingress"): services.read_ingress,
    ("networking.k8s.io", "NetworkPolicy"): policies.read,
    ("extensions", "NetworkPolicy"): policies.read,
    ("policy.networking.k8s.io", "AdminNetworkPolicy"): admin_policies.read,
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"): admin_policies.read,
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"): admin_policies.read,
    ("", "ConfigMap"): configuration.read_config_map,
    ("", "Secret"): configuration.read_secret,
    ("", "Namespace"): configuration.read_namespace,
    ("", "ServiceAccount"): configuration.read_service_account,
}


def _parse(doc: Node) -> Iterator[object]:
    group = doc.at("apiVersion").written().rpartition("/")[0]
    return _READERS[group, doc.at("kind").written()](doc)


KUBERNETES = Dialect("kubernetes", frozenset(_READERS), _parse)
