"""Report formats: one module each, one public ``Format`` per module.

A format is pure, knows only the ``Report``, and escapes every name for its medium.
Shape: a format's name is its module's, so that ``names`` needs to import none of them.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from analyzer.report import Report
from parsers.plugins import PluginError


@dataclass(frozen=True, slots=True)
class Page:
    """What a format is written onto: how wide it is, and whether it takes colour. ``title`` names what was analysed."""

    width: int = 100
    colour: bool = False
    title: str = ""


PLAIN = Page()


@dataclass(frozen=True, slots=True)
class Format:
    """A name for ``--format``, the suffixes it is known by, and a pure function to text."""

    name: str
    render: Callable[[Report, Page], str]
    suffixes: tuple[str, ...] = ()


def names() -> tuple[str, ...]:
    """Every format there is, without loading any."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def load(name: str) -> Format:
    """The format of that name."""
    module = import_module(f"{__name__}.{name}")
    found = [v for k, v in sorted(vars(module).items()) if isinstance(v, Format) and not k.startswith("_")]
    if len(found) != 1 or found[0].name != name:
        raise PluginError(f"{module.__name__} does not hold exactly one Format named {name!r}")
    return found[0]
