"""AD004: sidecars are injected pod by pod, not by namespace.

A pod that someone forgets to label is outside the mesh without anybody noticing: no mutual TLS, no policy, no retries.

Fix: label the namespace ``istio-injection: enabled`` (or ``istio.io/rev``) and opt pods out where that is meant.

Source: docs/standards.md, Defaults (Sidecar Injection).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.context import Context
from analyzer.findings import Finding, Severity
from analyzer.linking.mesh import Pod
from analyzer.rules import Rule

POD_LABEL = "sidecar.istio.io/inject"


def _check(context: Context) -> Iterator[Finding]:
    for name, namespace in context.mesh.namespaces.items():
        labels = context.mesh.namespace_labels(name)
        if {"istio-injection", "istio.io/rev", "istio.io/dataplane-mode"} & set(labels):
            continue
        by_pod = [p for p in context.mesh.pods.values() if p.namespace == name and _asks(p)]
        if by_pod and by_pod[0].span is not None:
            yield RULE.at(
                namespace.span if namespace else by_pod[0].span,
                f"sidecars in {name} are asked for by {len(by_pod)} pod template(s), not by the namespace",
                subject=name,
            )


def _asks(pod: Pod) -> bool:
    return pod.labels.get(POD_LABEL) == "true" or "istio.io/rev" in pod.labels


RULE = Rule("AD004", "injection-scope", Severity.NOTE, _check)
