"""Sidecar resources and AuthorizationPolicies that select nothing, collide, or name namespaces that are not there.

Source: istio/istio pkg/config/analysis/analyzers/{sidecar/selector,authz/authorizationpolicies}.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.linking.mesh import Mesh, Pod
from analyzer.semantics.istio.injection import AMBIENT, DATAPLANE, INJECTION, REVISION, member
from analyzer.semantics.istio.problems.problem import Code, Problem, subject
from parsers.facts.istio import AuthorizationPolicy, Sidecar
from parsers.facts.kubernetes import Namespace


def policies(mesh: Mesh) -> Iterator[Problem]:
    """Problems of Sidecars and AuthorizationPolicies."""
    yield from _sidecars(mesh)
    named = [n.meta.name for n in mesh.all(Namespace)]
    for policy in mesh.all(AuthorizationPolicy):
        yield from _workloads(policy, mesh)
        if named:
            yield from _namespaces(policy, named)


# --------------------------------------------------------------------------------------------------------- sidecars


def _sidecars(mesh: Mesh) -> Iterator[Problem]:
    chosen: dict[str, list[Sidecar]] = {}
    wide: dict[str, list[Sidecar]] = {}
    for sidecar in mesh.all(Sidecar):
        if not sidecar.selector:
            wide.setdefault(sidecar.meta.ns, []).append(sidecar)
            continue
        pods = [p for p in mesh.pods.values() if p.namespace == sidecar.meta.ns and p.labels.contains(sidecar.selector)]
        if not pods:
            said = f"the Sidecar selects no workload of {sidecar.meta.ns}"
            yield Problem(Code.UNKNOWN_SELECTOR, said, sidecar.span, subject("Sidecar", sidecar.meta))
        for pod in pods:
            chosen.setdefault(pod.id, []).append(sidecar)
    for pod_id, sidecars in sorted(chosen.items()):
        yield from _of_pod(mesh.pods[pod_id], sidecars, mesh)
    for namespace, sidecars in sorted(wide.items()):
        yield from _of_namespace(namespace, sidecars, mesh)


def _of_pod(pod: Pod, sidecars: list[Sidecar], mesh: Mesh) -> Iterator[Problem]:
    membership = member(pod, mesh)
    names = ", ".join(sorted(s.meta.name for s in sidecars))
    for sidecar in sidecars:
        who = subject("Sidecar", sidecar.meta)
        if _ambient(pod, membership.kind if membership is not None else None):
            said = f"{pod.id} is in ambient: a Sidecar has no effect there"
            yield Problem(Code.INEFFECTIVE_SIDECAR, said, sidecar.span, who)
        elif len(sidecars) > 1:
            said = f"Sidecars {names} all select {pod.id}: only one counts"
            yield Problem(Code.SAME_SIDECAR, said, sidecar.span, who)


def _ambient(pod: Pod, kind: str | None) -> bool:
    return kind == AMBIENT or pod.annotations.get("ambient.istio.io/redirection") == "enabled"


def _of_namespace(namespace: str, sidecars: list[Sidecar], mesh: Mesh) -> Iterator[Problem]:
    labels = mesh.namespace_labels(namespace)
    ambient = labels.get(DATAPLANE) == "ambient" and labels.get(INJECTION) != "enabled" and REVISION not in labels
    names = ", ".join(sorted(s.meta.name for s in sidecars))
    for sidecar in sidecars:
        who = subject("Sidecar", sidecar.meta)
        if ambient:
            said = f"namespace {namespace} is in ambient: a Sidecar has no effect there"
            yield Problem(Code.INEFFECTIVE_SIDECAR, said, sidecar.span, who)
        elif len(sidecars) > 1:
            said = f"Sidecars {names} all apply to the whole namespace {namespace}: only one counts"
            yield Problem(Code.SAME_SIDECAR_DEFAULT, said, sidecar.span, who)


# --------------------------------------------------------------------------------------------------- authorization


def _workloads(policy: AuthorizationPolicy, mesh: Mesh) -> Iterator[Problem]:
    """A policy nobody enforces: its selector, or its namespace, has no pod of the mesh."""
    everywhere = policy.meta.ns == mesh.root_namespace
    if policy.target_refs or (everywhere and not policy.selector):
        return
    pods = [p for p in mesh.pods.values() if everywhere or p.namespace == policy.meta.ns]
    wanted: Mapping[str, str] = policy.selector or {}
    chosen = [p for p in pods if p.labels.contains(wanted) and _enforces(p, mesh)]
    if not chosen:
        where = "anywhere" if everywhere else f"in {policy.meta.ns}"
        said = f"no workload {where} that is in the mesh is selected: nobody enforces the policy"
        who = subject("AuthorizationPolicy", policy.meta)
        yield Problem(Code.NO_WORKLOAD, said, policy.span, who, sure=bool(pods))


def _enforces(pod: Pod, mesh: Mesh) -> bool:
    return member(pod, mesh) is not None or pod.annotations.get("ambient.istio.io/redirection") == "enabled"


def _namespaces(policy: AuthorizationPolicy, known: list[str]) -> Iterator[Problem]:
    for rule in policy.rules or ():
        for source in rule.sources:
            for written in (*source.namespaces, *source.not_namespaces):
                if not any(_names(written, name) for name in known):
                    said = f"namespace {written} is not defined here: nobody comes from it"
                    who = subject("AuthorizationPolicy", policy.meta)
                    yield Problem(Code.UNKNOWN_NAMESPACE, said, source.span or rule.span, who)


def _names(written: str, name: str) -> bool:
    if written.startswith("*"):
        return name.endswith(written[1:])
    if written.endswith("*"):
        return name.startswith(written[:-1])
    return written.lower() == name.lower()
