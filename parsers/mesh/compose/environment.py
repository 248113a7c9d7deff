"""The environment of a compose service: ``env_file`` first, ``environment`` over it.

Source: compose-spec, ``environment`` (mapping and list form), ``env_file`` (text, list, or ``path``/``required``).
Shape: a variable without a value comes from the shell that starts compose: its value is ``None``.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers import envfile
from parsers.facts.kubernetes import EnvEntry
from parsers.mesh.compose.service import Service
from parsers.metadata import beside
from parsers.source import SourceFile, Span, Tree
from parsers.yamltree import Node


def environment(service: Service, tree: Tree) -> tuple[EnvEntry, ...]:
    """Each variable once; what is written later replaces what is written before."""
    found: dict[str, EnvEntry] = {}
    for node in service.each("env_file"):
        for path in _files(node, service):
            read = tree.read(path)
            if isinstance(read, SourceFile):
                found |= {e.key: _entry(e.key, e.value, e.span) for e in envfile.entries(read)}
    for node in service.each("environment"):
        found |= {entry.name: entry for entry in _written(node, service)}
    return tuple(found.values())


def _written(node: Node, service: Service) -> Iterator[EnvEntry]:
    if node.is_mapping:
        for key, entry in node.entries():
            yield _entry(key, service.value(entry), entry.key_span)
        return
    for item in node.items():
        written = item.scalar("")
        name, assigned, _ = written.partition("=")
        value = service.value(item) if assigned else service.known.get(name)
        yield _entry(name, value.partition("=")[2] if assigned and value is not None else value, item.span)


def _entry(name: str, value: str | None, span: Span) -> EnvEntry:
    return EnvEntry(name, value, None, None, None, None, span)


def _files(node: Node, service: Service) -> Iterator[str]:
    for item in node.items() if node.is_sequence else (node,):
        if item.is_mapping:
            item.ignore("required", "format")
        written = service.value(item.at("path") if item.is_mapping else item)
        path = beside(node.path, written) if written else None
        if path:
            yield path
