"""What runs pods: Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Pod, Argo Rollout, Knative Service.

Source: core/v1 ``PodTemplateSpec``, apps/v1, batch/v1; argoproj.io/v1alpha1; serving.knative.dev/v1.
Shape: containers in document order, those that run before or beside them (``initContainers``) after them.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts import Labels, Meta
from parsers.facts.kubernetes import Service, ServicePort, Workload
from parsers.mesh.kubernetes.containers import containers
from parsers.metadata import marks, meta
from parsers.yamltree import Node

_NO_MATTER = (
    "activeDeadlineSeconds", "analysis", "backoffLimit", "backoffLimitPerIndex", "completionMode", "completions",
    "concurrencyPolicy", "failedJobsHistoryLimit", "managedBy", "manualSelector", "maxFailedIndexes",
    "minReadySeconds", "ordinals", "parallelism", "paused", "persistentVolumeClaimRetentionPolicy",
    "podFailurePolicy", "podManagementPolicy", "podReplacementPolicy", "progressDeadlineAbort",
    "progressDeadlineSeconds", "restartAt", "revisionHistoryLimit", "rollbackTo", "rollbackWindow", "selector",
    "serviceName", "startingDeadlineSeconds", "strategy", "successPolicy", "successfulJobsHistoryLimit", "suspend",
    "timeZone", "ttlSecondsAfterFinished", "updateStrategy", "volumeClaimTemplates",
)  # fmt: skip
_POD_NO_MATTER = (
    "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containerConcurrency", "dnsConfig",
    "dnsPolicy", "enableServiceLinks", "ephemeralContainers", "hostAliases", "hostIPC", "hostPID", "hostUsers",
    "hostname", "idleTimeoutSeconds", "imagePullSecrets", "nodeName", "nodeSelector", "os", "overhead",
    "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources",
    "responseStartTimeoutSeconds", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates",
    "securityContext", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds",
    "timeoutSeconds", "tolerations", "topologySpreadConstraints",
)  # fmt: skip


def read(doc: Node) -> Iterator[object]:
    """One ``Workload``."""
    named, kind = meta(doc), doc.at("kind").written()
    if named is None:
        return
    if kind == "Pod":
        yield _workload(doc, kind, named, doc.at("spec"), (named.labels, named.annotations))
        return
    spec = doc.at("spec")
    spec.ignore(*_NO_MATTER)
    if kind == "Rollout" and spec.at("workloadRef") and not spec.at("template"):
        spec.at("workloadRef").ignore_rest()
        spec.ignore("replicas")
        return  # it scales the pods that a Deployment of its own describes
    owner = spec
    if kind == "CronJob":
        owner = spec.at("jobTemplate", "spec")
        owner.ignore(*_NO_MATTER)
        spec.at("jobTemplate").ignore("metadata")
    template = owner.at("template")
    pod = template.at("metadata")
    _ignore_pod_names(pod)
    yield _workload(doc, kind, named, template.at("spec"), marks(pod))


def _ignore_pod_names(pod: Node) -> None:
    pod.ignore("name", "namespace", "creationTimestamp", "generateName", "finalizers")


def _workload(doc: Node, kind: str, named: Meta, pod: Node, carried: tuple[Labels, Labels]) -> Workload:
    pod.ignore(*_POD_NO_MATTER)
    older = pod.at("serviceAccount").text(None)
    account = pod.at("serviceAccountName").text(None) or older
    return Workload(
        kind=kind,
        meta=named,
        pod_labels=carried[0],
        pod_annotations=carried[1],
        service_account=account,
        host_network=pod.at("hostNetwork").boolean(False),  # noqa: FBT003 -- a default, as everywhere in Node
        replicas=None if kind == "Pod" else doc.at("spec", "replicas").count(None),
        schedule=doc.at("spec", "schedule").text(None) if kind == "CronJob" else None,
        containers=(*containers(pod.at("containers")), *containers(pod.at("initContainers"), init=True)),
        build=None,
        span=doc.span,
        mounted=tuple(_mounted(pod)),
    )


def _mounted(pod: Node) -> Iterator[str]:
    """ConfigMaps that the pod's containers find as files."""
    for volume in pod.at("volumes").items():
        volume.ignore_rest()
        sources = volume.at("projected", "sources")
        for source in (volume, *(sources.items() if sources else ())):
            name = source.at("configMap", "name").text(None)
            if name:
                yield name


def read_knative(doc: Node) -> Iterator[object]:
    """One ``Workload`` and the ``Service`` that Knative makes of it: port 80, open to outside unless labelled."""
    named = meta(doc)
    if named is None:
        return
    spec = doc.at("spec")
    spec.ignore("traffic")
    template = spec.at("template")
    pod = template.at("metadata")
    _ignore_pod_names(pod)
    written, carried = marks(pod)
    own = Labels({**written, "serving.knative.dev/service": named.name})
    workload = _workload(doc, "KnativeService", named, template.at("spec"), (own, carried))
    yield workload
    ports = [port.number for container in workload.containers for port in container.ports] or [8080]
    inside = named.labels.get("networking.knative.dev/visibility") == "cluster-local"
    yield Service(
        meta=named,
        selector=Labels({"serving.knative.dev/service": named.name}),
        type="ClusterIP" if inside else "LoadBalancer",
        external_name=None,
        headless=False,
        ports=(ServicePort("http", 80, ports[0], "TCP", None, None, named.span),),
        span=doc.span,
    )
