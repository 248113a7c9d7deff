"""Services that only code tells of: code whose workload no manifest describes.

Shape: a service is named after its program's folder, generic names left off; the namespace is ``default``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from analyzer.linking.mesh import Pod
from analyzer.linking.names import GENERIC
from analyzer.linking.topology import bare_pod
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class Code:
    """Where code receives and sends; ``loose`` are the sends that no handler is known to reach."""

    received: tuple[Span, ...]
    sent: tuple[Span, ...]
    loose: tuple[Span, ...]


def unclaimed(
    services: Collection[str], code: Code, built: Mapping[str, str], starts: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, str, Pod]]:
    """(path of code, folder or file of its program, pod) for each file that no workload runs.

    ``built`` are folders that images are built from, with the image's name if it has one; ``starts`` the files of a
    folder that each listen on a port of their own: each is a program.
    """
    units = _units(code, built, starts)
    names = _names({u: unit_name(built.get(u) or u) for u in sorted(set(units.values()))}, services)
    first: dict[str, Span] = {}
    for span in sorted((*code.received, *code.sent)):
        unit = units.get(span.path)
        if unit is not None:
            first.setdefault(unit, span)
    pods = {u: bare_pod("default", names[u], first[u]) for u in names}
    yield from ((path, unit, pods[unit]) for path, unit in units.items())


def _units(code: Code, built: Collection[str], starts: Mapping[str, Collection[str]]) -> dict[str, str]:
    """The program of each file. Where nothing is received and others' programs already send what is sent: a library."""
    receiving = sorted({s.path for s in code.received})
    folders = sorted({_folder(p) for p in receiving})
    found = {p: p if p in starts.get(_folder(p), ()) else _unit(_folder(p), folders, built) for p in receiving}
    outer = sorted({u for u in found.values() if u and u not in built and not u.endswith(".py")}, key=len)
    for path, unit in found.items():
        if unit not in built:
            found[path] = next((o for o in outer if unit.startswith(f"{o}/") and not unit.endswith(".py")), unit)
    for path in sorted({s.path for s in code.sent} - set(found)):
        unit = _unit(_folder(path), [_folder(path)], built)
        around = [u for u in set(found.values()) if path.startswith(f"{u}/")]
        if around:
            found[path] = max(around, key=len)
        elif any(s.path == path for s in code.loose):
            found[path] = unit
    return dict(sorted(found.items()))


def _names(units: Mapping[str, str], services: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for unit, name in units.items():
        taken = f"default/{name}" in services or name in found.values()
        found[unit] = name if not taken else f"{_slug(unit)}-code" if _slug(unit) in (name, "") else _slug(unit)
    return found


def unit_name(unit: str) -> str:
    """What a program in that folder or file is called."""
    return _slug(PurePosixPath(unit).name.removesuffix(".py")) or "app"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _unit(folder: str, folders: list[str], built: Collection[str]) -> str:
    """The folder of the program: an image's, else the outermost with code of its own, generic names left off."""
    above = list(_ancestors(folder))
    image = next((a for a in above if a and a in built), None)
    if image is not None:
        return _named(image, folders)
    outer = [a for a in above if a and a in folders]
    return _named(outer[-1] if outer else folder, folders)


def _named(unit: str, folders: list[str]) -> str:
    """Up from a folder whose name says nothing: ``web`` beside ``users`` is a name, ``api`` beside ``routes`` none."""
    while PurePosixPath(unit).name.lower() in GENERIC and "/" in unit:
        parent = _folder(unit)
        beside = {f.removeprefix(f"{parent}/").split("/")[0].lower() for f in folders if f.startswith(f"{parent}/")}
        if beside - GENERIC:
            break
        unit = parent
    return unit


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _ancestors(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""
