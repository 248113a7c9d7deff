"""Names and texts of expressions, read once."""

from __future__ import annotations

import ast
from functools import lru_cache

from parsers.python.trial.focus import own_body
from parsers.python.trial.worth import Const, Frame, Opaque, Worth, blend
from parsers.python.value import Known, Value


def dotted(node: ast.expr) -> str | None:
    """``a.b.c`` as text; ``None`` for anything but names."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((node.id, *reversed(parts))) if isinstance(node, ast.Name) else None


@lru_cache(maxsize=8192)
def written(node: ast.AST) -> str:
    """What is written, shortened: the name of an input."""
    return ast.unparse(node)[:60]


@lru_cache(maxsize=4096)
def nonlocals(node: ast.AST) -> frozenset[str]:
    """Names that a function declares as its surroundings'."""
    return frozenset(n for s in own_body(node) if isinstance(s, ast.Nonlocal) for n in s.names)


def item(base: Worth, index: Worth) -> Worth:
    """``base[index]``."""
    if isinstance(base, Const) and isinstance(base.value, tuple) and isinstance(index, Const):
        at = index.value
        if isinstance(at, int) and -len(base.value) <= at < len(base.value):
            found = base.value[at]
            return found if not isinstance(found, Const) else Const(found.value, found.inputs | index.inputs)
    return blend(base, index, source="item" if isinstance(base, Opaque) and base.source else None)


def bound(frame: Frame) -> dict[str, Value]:
    """Constants of the running functions, as ``Values`` takes them."""
    found: dict[str, Value] = {}
    current: Frame | None = frame
    while current is not None:
        for name, worth in current.names.items():
            if isinstance(worth, Const) and isinstance(worth.value, str | int | float | bytes | None):
                found.setdefault(name, Known(worth.value))
        current = current.parent
    return found
