"""Compose files among other things: which of them describe the system, and which are systems of their own.

A compose file counts only where no manifest defines one of its services. Files of one folder are one system; files of
other folders that build other programs under the same names are other systems, each with a namespace of its own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, cast

from analyzer.linking.names import GENERIC, squeezed
from parsers.facts.kubernetes import Service, Workload

KIND = "ComposeService"


def composed(facts: Iterable[object]) -> tuple[object, ...]:
    """The facts without compose files that repeat manifests, and with systems kept apart."""
    every = tuple(facts)
    files: dict[str, dict[str, Workload]] = {}
    for fact in every:
        if isinstance(fact, Workload) and fact.kind == KIND:
            files.setdefault(fact.span.path, {})[squeezed(fact.meta.name)] = fact
    if not files:
        return every
    metas = [f.meta for f in every if isinstance(f, Workload | Service) and f.span.path not in files]
    real = {squeezed(meta.name) for meta in metas}
    copies = {path for path, services in files.items() if services.keys() & real}
    spaces = _spaces({path: services for path, services in files.items() if path not in copies})
    return tuple(_moved(f, spaces) for f in every if not _in(f, copies))


def _in(fact: object, paths: set[str]) -> bool:
    return isinstance(fact, Workload | Service) and fact.span.path in paths


def _moved(fact: object, spaces: dict[str, str]) -> object:
    if isinstance(fact, Workload | Service) and fact.span.path in spaces:
        return replace(cast("Any", fact), meta=replace(fact.meta, namespace=spaces[fact.span.path]))
    return fact


def _spaces(files: dict[str, dict[str, Workload]]) -> dict[str, str]:
    """Namespaces for files that are systems apart; nothing where all are one system."""
    folders: dict[str, dict[str, Workload]] = {}
    for path, services in sorted(files.items()):
        folders.setdefault(str(PurePosixPath(path).parent), {}).update(services)
    systems: list[list[str]] = []
    for folder in sorted(folders, key=lambda f: (f.count("/"), f)):
        fits = (s for s in systems if not any(_apart(folders[folder], folders[other]) for other in s))
        system = next(fits, None)
        if system is None:
            systems.append([folder])
        else:
            system.append(folder)
    if len(systems) < 2:
        return {}
    names = {f: ("default" if i == 0 else _name(s[0])) for i, s in enumerate(systems) for f in s}
    return {path: names[str(PurePosixPath(path).parent)] for path in files}


def _apart(a: dict[str, Workload], b: dict[str, Workload]) -> bool:
    """Whether two folders build different programs under one name."""
    return any(
        a[n].build is not None and b[n].build is not None and a[n].build != b[n].build for n in a.keys() & b.keys()
    )


def _name(folder: str) -> str:
    parts = [p for p in PurePosixPath(folder).parts if p.lower() not in GENERIC | {"docker", "deploy", "compose"}]
    return re.sub(r"[^a-z0-9]+", "-", (parts[-1] if parts else folder).lower()).strip("-") or "system"
