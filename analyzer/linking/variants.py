"""Which of several definitions of one object counts.

Repositories hold the same object many times: a base and its overlays, one folder an environment, rendered copies.
One system is analysed, so one definition is chosen, the same way every time: the namespace the user calls production,
then folders that are not set aside (tests, examples), then the environment nearest production, then plain manifests
over templates, then the folder and the file that define most, then the path. Other namespaces are other objects.
Errors: a choice between definitions that differ is an L004 diagnostic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePosixPath
from re import split
from typing import Any, cast

from analyzer.linking.compose import KIND as COMPOSE
from analyzer.linking.kustomize import Setting, patch_files, settings
from analyzer.linking.names import image_path
from analyzer.linking.patches import patched
from analyzer.options import Options
from parsers.diagnostics import Code, Diagnostic
from parsers.facts import NO_LABELS, Labels, Meta
from parsers.facts.kubernetes import ConfigMap, Kustomization, Namespace, Service, ServiceAccount, Workload
from parsers.source import Span

_ASIDE_WORDS = (
    "test tests testing testdata e2e example examples sample samples extra extras docs doc archive archived old "
    "legacy deprecated backup optional contrib experimental sandbox disabled release rendered generated dist"
)
ASIDE = frozenset(_ASIDE_WORDS.split())
#: Environments, the nearest to production first; what names none counts as production.
ENVIRONMENTS: tuple[frozenset[str], ...] = (
    frozenset({"prod", "production", "prd", "live"}),
    frozenset({"preprod", "staging", "stage", "stg", "uat", "qa"}),
    frozenset({"dev", "devel", "develop", "development", "local", "minikube", "kind", "ci", "test", "tests"}),
)
#: Kinds that an unwritten namespace may move; policies without one mean another thing than policies with one.
MOVABLE = (Workload, Service, ConfigMap, ServiceAccount)


#: Places named in one diagnostic.
_LISTED = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """The facts that count, and what had to be decided."""

    facts: tuple[object, ...]
    diagnostics: tuple[Diagnostic, ...]


def choose(facts: Iterable[object], options: Options) -> Choice:
    """One definition an object, in its namespace; ``default`` where none is written."""
    every = tuple(facts)
    kustomizations = tuple(f for f in every if isinstance(f, Kustomization))
    ranking = _Ranking(every, settings(kustomizations), options)
    patches = patch_files(kustomizations)
    kept: list[object] = []
    named: dict[tuple[str, str], list[object]] = {}
    for fact in every:
        meta = _meta(fact)
        if meta is None:
            kept.append(fact)
        elif meta.span.path not in patches and not _hollow(fact):
            named.setdefault((type(fact).__name__, meta.name), []).append(fact)
    lost: list[tuple[object, object]] = []
    placed: dict[tuple[str, str, str], list[object]] = {}
    for same_name in named.values():
        for group in _same_object(same_name, ranking):
            best = ranking.best(group)
            lost += [(best, other) for other in group if other is not best]
            for fact in ranking.placed(best):
                placed.setdefault(_identity(fact), []).append(fact)
    for group in placed.values():
        best = ranking.best(group)
        lost += [(best, other) for other in group if other is not best]
        kept.append(best)
    return Choice(tuple(kept), tuple(_notes(lost)))


def shape(value: object) -> object:
    """A fact without its spans: equal where two definitions say the same."""
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple):
        return tuple(shape(v) for v in value)
    if is_dataclass(value):
        return (type(value).__name__, *(shape(getattr(value, f.name)) for f in fields(value)))
    return value


class _Ranking:
    """Orders definitions of the same object, best first."""

    def __init__(self, facts: tuple[object, ...], settled: Mapping[str, tuple[Setting, ...]], options: Options) -> None:
        self._facts = facts
        self._settled = settled
        self._production = options.production
        self._patches: dict[tuple[str, type, str], list[object]] = {}
        for fact in facts:
            if (meta := _meta(fact)) is not None:
                self._patches.setdefault((meta.span.path, type(fact), meta.name), []).append(fact)

    def best(self, group: list[object]) -> object:
        return min(group, key=self._key)

    def placed(self, fact: object) -> Iterator[object]:
        """The object as the best root places it, once for each way it does."""
        meta = _must(fact)
        ways = self._settled.get(meta.span.path, ())
        best = min(ways, key=self._way_key, default=Setting(""))
        for way in [w for w in ways if w.root == best.root] or [best]:
            # A Namespace object has no namespace, and its name is its identity: neither is rewritten.
            if isinstance(fact, Namespace):
                yield fact
                return
            name = f"{way.prefix}{meta.name}{way.suffix}"
            moved = replace(meta, name=name, namespace=way.namespace or meta.namespace or "default")
            changes = (p for path in way.patches for p in self._patches.get((path, type(fact), meta.name), ()))
            yield _labelled(replace(cast("Any", patched(fact, changes)), meta=moved), dict(way.labels))

    def environment(self, fact: object) -> tuple[int, bool]:
        """How far from production the fact's folder says it is, and whether it says so at all."""
        words = _words(str(PurePosixPath(_must(fact).span.path).with_suffix("")))
        return _environment(words), any(words & e for e in ENVIRONMENTS)

    def _key(self, fact: object) -> tuple[object, ...]:
        path = _must(fact).span.path
        group = self._group(path)
        return (
            not self._wanted(_must(fact).namespace, *(w.namespace for w in self._settled.get(path, ()))),
            *self._set_aside(path),
            "templates" in path.split("/"),
            -self._coverage[group],
            -self._coverage[path],
            str(PurePosixPath(path).with_suffix("")),
            _must(fact).span,
        )

    def _way_key(self, way: Setting) -> tuple[object, ...]:
        return (not self._wanted(way.namespace), *self._set_aside(way.root + "/kustomization.yaml"), way)

    def _wanted(self, *namespaces: str | None) -> bool:
        """Whether one of the namespaces is what the user calls production."""
        return any(fnmatchcase(n or "default", pattern) for n in namespaces for pattern in self._production)

    def _set_aside(self, path: str) -> tuple[int, int]:
        words = _words(str(PurePosixPath(path).with_suffix("")))
        return len(words & ASIDE), _environment(words)

    def _group(self, path: str) -> str:
        ways = self._settled.get(path)
        return f"{min(ways, key=self._way_key).root}/" if ways else f"{PurePosixPath(path).parent}/"

    @cached_property
    def _coverage(self) -> Counter[str]:
        """How many objects each folder (or kustomization root) and each file defines."""
        seen = {(type(f).__name__, m.namespace, m.name, m.span.path) for f in self._facts if (m := _meta(f))}
        files = Counter(path for *_, path in seen)
        groups = {(kind, ns, name, self._group(path)) for kind, ns, name, path in seen}
        return files + Counter(group for *_, group in groups)


def _same_object(facts: list[object], ranking: _Ranking) -> Iterator[list[object]]:
    """Group definitions of one kind and name that mean the same object."""
    groups: dict[str | None, list[object]] = {}
    for fact in facts:
        groups.setdefault(_must(fact).namespace, []).append(fact)
    if isinstance(facts[0], MOVABLE):
        _merge_environments(groups, ranking)
        unwritten, others = groups.get(None), [k for k in groups if k is not None]
        if unwritten and len(others) == 1 and not (_folders(unwritten) & _folders(groups[others[0]])):
            groups[others[0]] += groups.pop(None)
    yield from groups.values()


def _merge_environments(groups: dict[str | None, list[object]], ranking: _Ranking) -> None:
    """``k8s/dev`` in namespace ``shop-dev`` and ``k8s/prod`` in ``shop-prod`` hold the same object twice."""
    bare: dict[str, list[str]] = {}
    for namespace in [n for n in groups if n is not None]:
        words = _words(namespace)
        said = [e for e in ENVIRONMENTS if words & e]
        if said and all(ranking.environment(f) == (_environment(words), True) for f in groups[namespace]):
            rest = "-".join(w for w in split(r"[-_.]", namespace) if w not in said[0])
            bare.setdefault(rest, []).append(namespace)
    for namespaces in bare.values():
        first, *others = sorted(namespaces, key=lambda n: (_environment(_words(n)), n))
        for other in others:
            groups[first] += groups.pop(other)


def _folders(facts: list[object]) -> set[str]:
    return {_folder(_must(f).span.path) for f in facts}


def _words(path: str) -> set[str]:
    return {w for w in split(r"[^a-z0-9]+", path.lower()) if w}


def _environment(words: set[str]) -> int:
    return next((i for i, names in enumerate(ENVIRONMENTS) if words & names), 0)


def _hollow(fact: object) -> bool:
    """A patch that looks like a workload: nothing in it says what would run."""
    runs = isinstance(fact, Workload) and (fact.kind == COMPOSE or any(c.image for c in fact.containers))
    return isinstance(fact, Workload) and not runs


def _labelled(fact: object, labels: dict[str, str]) -> object:
    """A workload's pods get a kustomization's labels; whatever selects them by those selects them still."""
    if isinstance(fact, Workload) and labels:
        return replace(fact, pod_labels=Labels({**fact.pod_labels, **labels}))
    return fact


def _identity(fact: object) -> tuple[str, str, str]:
    meta = _must(fact)
    return (type(fact).__name__, meta.ns, meta.name)


def _meta(fact: object) -> Meta | None:
    meta = getattr(fact, "meta", None)
    return meta if isinstance(meta, Meta) else None


def _must(fact: object) -> Meta:
    return cast("Meta", _meta(fact))


def _notes(lost: list[tuple[object, object]]) -> Iterator[Diagnostic]:
    """One diagnostic for each folder (or file, where one folder holds all) whose definitions count over others."""
    kept: dict[str, list[tuple[object, object]]] = {}
    for best, other in lost:
        if _relevant(best) != _relevant(other):
            kept.setdefault(_folder(_must(best).span.path), []).append((best, other))
    for folder, differing in sorted(kept.items()):
        best, other = min(differing, key=lambda pair: _must(pair[1]).span)
        within = all(_folder(_must(o).span.path) == folder for _, o in differing)
        where = _must(best).span.path if within else folder or "."
        paths = {_must(o).span.path for _, o in differing}
        others = sorted(paths - {where} if within else {_folder(p) or "." for p in paths} - {where})
        names = {f"{type(b).__name__} {_must(b).name}" for b, _ in differing}
        first = f"{type(best).__name__} {_must(best).name}"
        what = first + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        listed = ", ".join(others[:_LISTED]) + (f" and {len(others) - _LISTED} more" if len(others) > _LISTED else "")
        detail = f"{what}: also defined, differently, in {listed or 'the same place'}; what {where} says counts"
        yield Diagnostic.at(_must(other).span, Code.AMBIGUOUS, detail=detail)


def _relevant(fact: object) -> object:
    """A definition without what no answer depends on: name, tags of images, sizes."""
    plain = replace(cast("Any", fact), meta=None)
    if isinstance(plain, Workload):
        containers = tuple(
            replace(c, image=image_path(c.image), requests=NO_LABELS, limits=NO_LABELS) for c in plain.containers
        )
        plain = replace(plain, containers=containers, replicas=None)
    return shape(plain)


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent
