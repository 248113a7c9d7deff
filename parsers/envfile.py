"""``.env`` files: ``KEY=value`` lines, as docker-compose and kustomize read them.

Source: compose-spec, "Env_file format"; kustomize configMapGenerator ``envs``.
Errors: none; a line without ``=`` names a variable whose value comes from elsewhere, and is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.facts.kubernetes import ConfigEntry
from parsers.source import SourceFile, Span

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]?(.*)")
_QUOTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")


def entries(file: SourceFile) -> Iterator[ConfigEntry]:
    """Each variable with its value; the span is the line's."""
    for number, line in enumerate(file.text.splitlines(), 1):
        found = _LINE.match(line)
        if found and not line.lstrip().startswith("#"):
            yield ConfigEntry(found[1], _value(found[2].strip()), Span(file.path, number, 1, number, len(line) + 1))


def _value(written: str) -> str:
    quoted = _QUOTED.match(written)
    if quoted:
        single, double = quoted.groups()
        return str(single) if single is not None else re.sub(r"\\(.)", _unescaped, double)
    return re.split(r"[ \t]#", written, maxsplit=1)[0].rstrip()


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1])
