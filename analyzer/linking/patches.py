"""Patches of a kustomization, applied: what an overlay changes in an object of its base.

Source: kustomize strategic merge (containers and variables are merged by name, other lists and values are replaced) and
JSON merge patch for kinds that Kubernetes does not know. What a patch does not write, it does not change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from parsers.facts import Labels, Meta
from parsers.facts.kubernetes import ConfigMap, Container, EnvEntry, Service, Workload
from parsers.source import Span

T = TypeVar("T")


def patched(fact: T, patches: Iterable[object]) -> T:
    """The object with every patch of its kind and name, in order."""
    for patch in patches:
        fact = _one(fact, patch)
    return fact


def _one(fact: T, patch: object) -> T:
    if isinstance(fact, Workload) and isinstance(patch, Workload):
        return cast("T", _workload(fact, patch))
    if isinstance(fact, ConfigMap) and isinstance(patch, ConfigMap):
        entries = {e.key: e for e in (*fact.entries, *patch.entries)}
        return cast("T", replace(fact, entries=tuple(entries.values())))
    if isinstance(fact, Service) and isinstance(patch, Service) and patch.type == "ClusterIP":
        patch = replace(patch, type=fact.type)  # a patch that says nothing of the type reads as the default
    return _written(fact, patch)


def _written(fact: T, patch: object) -> T:
    """Every field that the patch writes replaces the object's."""
    changes: dict[str, Any] = {}
    for field in fields(cast("Any", fact)):
        value = getattr(patch, field.name)
        if isinstance(value, Meta | Span) or value in (None, "", (), False) or value == Labels():
            continue
        changes[field.name] = {**getattr(fact, field.name), **value} if isinstance(value, Labels) else value
        if isinstance(value, Labels):
            changes[field.name] = Labels(changes[field.name])
    return cast("T", replace(cast("Any", fact), **changes))


def _workload(fact: Workload, patch: Workload) -> Workload:
    by_name = {c.name: c for c in fact.containers}
    for change in patch.containers:
        known = by_name.get(change.name)
        by_name[change.name] = _container(known, change) if known else change
    kept = tuple(c for c in by_name.values() if c.image)
    return replace(
        fact,
        containers=kept,
        pod_labels=Labels({**fact.pod_labels, **patch.pod_labels}),
        pod_annotations=Labels({**fact.pod_annotations, **patch.pod_annotations}),
        service_account=patch.service_account or fact.service_account,
        replicas=patch.replicas if patch.replicas is not None else fact.replicas,
    )


def _container(fact: Container, patch: Container) -> Container:
    env: dict[str, EnvEntry] = {e.name: e for e in (*fact.env, *patch.env)}
    return replace(
        fact,
        image=patch.image or fact.image,
        command=patch.command or fact.command,
        args=patch.args or fact.args,
        env=tuple(env.values()),
        env_from=patch.env_from or fact.env_from,
        ports=(*fact.ports, *(p for p in patch.ports if p.number not in {q.number for q in fact.ports})),
    )
