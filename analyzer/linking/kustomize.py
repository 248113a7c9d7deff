"""Where a kustomization puts the files it lists: namespace, prefix and suffix, per root that reaches them.

Source: kubernetes-sigs/kustomize api/internal/target: an outer namespace replaces an inner one, prefixes wrap.
Shape: a file that several roots reach has one setting a way; a component's namespace holds for the one who names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from parsers.facts.kubernetes import Kustomization

#: Deeper nesting than this is a cycle or an attack; real trees stay below ten.
MAX_DEPTH = 24


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """What one root does to the objects of a file. ``namespace`` ``""``: as written; inner ``patches`` come first."""

    root: str
    namespace: str = ""
    prefix: str = ""
    suffix: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    patches: tuple[str, ...] = ()


def settings(kustomizations: Iterable[Kustomization]) -> dict[str, tuple[Setting, ...]]:
    """Every listed file's settings, sorted, under its path."""
    known = {k.folder.strip("/"): k for k in kustomizations}
    inner = {r.strip("/") for k in known.values() for r in (*k.resources, *k.components)}
    roots = sorted(f for f in known if f not in inner) or sorted(known)
    found: dict[str, set[Setting]] = {}
    for root in roots:
        for path, setting in _files(known[root], Setting(root), known, ()):
            found.setdefault(path, set()).add(setting)
    return {path: tuple(sorted(found[path])) for path in sorted(found)}


def patch_files(kustomizations: Iterable[Kustomization]) -> frozenset[str]:
    """Files that are only patches: no objects of their own."""
    every = tuple(kustomizations)
    listed = {r for k in every for r in k.resources}
    return frozenset(p for k in every for p in k.patches if p not in listed)


def _files(
    at: Kustomization, outer: Setting, known: Mapping[str, Kustomization], above: tuple[str, ...]
) -> Iterator[tuple[str, Setting]]:
    if at.folder in above or len(above) > MAX_DEPTH:
        return
    parts = [known[c.strip("/")] for c in at.components if c.strip("/") in known]
    spoken = next((p.namespace for p in reversed(parts) if p.namespace), None) or at.namespace
    labels = {**dict(outer.labels), **at.labels, **{k: v for p in parts for k, v in p.labels.items()}}
    here = Setting(
        outer.root,
        outer.namespace or spoken or "",
        outer.prefix + at.name_prefix,
        at.name_suffix + outer.suffix,
        tuple(sorted(labels.items())),
        (*at.patches, *(p for c in parts for p in c.patches), *outer.patches),
    )
    for path in (*at.resources, *at.components):
        nested = known.get(path.strip("/"))
        if nested is None:
            yield path, here
        else:
            yield from _files(nested, here, known, (*above, at.folder))
