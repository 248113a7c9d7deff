"""Services that only code tells of: code whose workload no manifest describes.

Shape: a service is named after its program's folder, generic names left off; the namespace is ``default``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from analyzer.linking.mesh import Pod
from analyzer.linking.names import GENERIC
from analyzer.linking.topology import bare_pod
from parsers.source import Span


def unclaimed(
    services: Collection[str], folders: list[str], built: Collection[str], spans: list[Span]
) -> Iterator[tuple[str, str, Pod]]:
    """(folder of code, folder of its program, pod) for each folder that no workload runs."""
    units = {f: _unit(f, folders, built) for f in folders}
    names = _names(sorted(set(units.values())), services)
    first: dict[str, Span] = {}
    for span in spans:
        unit = units.get(_folder(span.path))
        if unit is not None:
            first.setdefault(unit, span)
    pods = {u: bare_pod("default", names[u], first[u]) for u in names}
    yield from ((folder, unit, pods[unit]) for folder, unit in units.items())


def _names(units: list[str], services: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for unit in units:
        name = _slug(PurePosixPath(unit).name) or "app"
        taken = f"default/{name}" in services or name in found.values()
        found[unit] = name if not taken else f"{_slug(unit)}-code" if _slug(unit) in (name, "") else _slug(unit)
    return found


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _unit(folder: str, folders: list[str], built: Collection[str]) -> str:
    """The folder of the program: an image's, else the outermost with code of its own, generic names left off."""
    above = list(_ancestors(folder))
    image = next((a for a in above if a and a in built), None)
    if image is not None:
        return _named(image)
    outer = [a for a in above if a and a in folders]
    return _named(outer[-1] if outer else folder)


def _named(unit: str) -> str:
    while PurePosixPath(unit).name.lower() in GENERIC and "/" in unit:
        unit = _folder(unit)
    return unit


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _ancestors(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""
