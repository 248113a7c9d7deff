"""What a proxy passes on: the method and the path of the request that it is asked itself."""

from __future__ import annotations

import re
from dataclasses import replace

from analyzer.linking.operations import ANY, Match, match
from analyzer.linking.texts import HOLE, hole
from analyzer.model import Operation, Precision

_OWN = re.compile(r"\b(?:request|req|url|scope|incoming)\b.*\b(?:path|full_path|path_info|raw_path|path_qs)\W*$")
_PARAMETER = re.compile(r"\{([^{}/:]*)(?::path)?\}")


def own_path(path: str | None, caller: Operation) -> str | None:
    """The path, with the caller's own in place of a hole that says it is that (``request.url.path``)."""
    route = caller.name.partition(" ")[2]
    if path is None or not route.startswith("/"):
        return path
    ours = _PARAMETER.sub(lambda m: hole(m[1]), route)

    def put(found: re.Match[str]) -> str:
        return ours if _OWN.search(found[1]) else found[0]

    return re.sub(r"/{2,}", "/", HOLE.sub(put, path))


def matches(names: tuple[str, ...], caller: Operation, method: str, path: str | None) -> tuple[Match, ...]:
    """What an HTTP call asks for; where its method is not known, that of the caller's own request if it fits."""
    found = match(names, "http", method, path)
    verb = caller.name.partition(" ")[0]
    if method not in ("", ANY) or not verb.isupper() or len(found) == 1:
        return found
    same = tuple(m for m in found if m.name.partition(" ")[0] in (verb, ANY))
    note = "the method is taken to be the caller's own"
    return tuple(replace(m, precision=Precision.UPPER_BOUND, note=m.note or note) for m in same) or found
