"""What something outside the system can start.

Shape: sorted by operation; one entry an operation, the most telling reason first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from analyzer.linking.mesh import Entry, Mesh, Program, Wire
from analyzer.linking.operations import ANY, match
from analyzer.linking.routes import Route
from analyzer.model import Operation
from parsers.source import Span

_STARTED = ("consumer", "cron", "task", "cli", "startup")
_ORDER = (
    "named",
    "ingress",
    "gateway",
    "load-balancer",
    "node-port",
    "consumer",
    "cron",
    "task",
    "cli",
    "startup",
    "root",
)


def entries(
    mesh: Mesh,
    routes: Iterable[Route],
    programs: Mapping[Operation, Program],
    wires: Iterable[Wire],
    named: Iterable[str],
) -> tuple[Entry, ...]:
    """Every entry; where nothing says there is one, the operations that nobody calls."""
    wires = tuple(wires)
    calling = {w.caller for w in wires}
    operations = _operations(mesh, programs, wires)
    found = [
        *_named(named, mesh, operations),
        *_routed(routes, operations, calling),
        *_started(mesh, programs, calling, {w.callee for w in wires}),
    ]
    if not any(e.kind not in ("cli", "startup") for e in found):
        found += _roots(mesh, operations, wires)
    best: dict[Operation, Entry] = {}
    for entry in sorted(found, key=lambda e: (e.operation, _ORDER.index(e.kind), e.reason)):
        best.setdefault(entry.operation, entry)
    return tuple(best[o] for o in sorted(best))


def _operations(
    mesh: Mesh, programs: Mapping[Operation, Program], wires: Iterable[Wire]
) -> dict[str, tuple[Operation, ...]]:
    """What each service is known to do, by its code or by what others ask of it."""
    known: dict[str, set[Operation]] = {s: set() for s in mesh.services}
    for operation in (*programs, *(o for w in wires for o in (w.caller, w.callee))):
        known.setdefault(operation.service, set()).add(operation)
    return {s: tuple(sorted(o)) for s, o in sorted(known.items())}


def _named(names: Iterable[str], mesh: Mesh, operations: Mapping[str, tuple[Operation, ...]]) -> Iterator[Entry]:
    """``--entry frontend``, ``--entry "prod/frontend POST /pay"``."""
    for name in names:
        service, _, what = name.strip().partition(" ")
        ids = [s for s in mesh.services if service in (s, s.rpartition("/")[2])]
        for identity in ids:
            known = operations.get(identity, ())
            chosen = [o for o in known if not what or o.name == what] or [Operation(identity, what or ANY)]
            for operation in chosen:
                yield Entry(operation, "named", f"--entry {name}", None)


def _routed(
    routes: Iterable[Route], operations: Mapping[str, tuple[Operation, ...]], calling: set[Operation]
) -> Iterator[Entry]:
    for route in routes:
        known = [o for o in operations.get(route.service, ()) if _asked(o)]
        chosen = [o for o in known if reaches(route, o.name)]
        whole = not known or (not chosen and route.how == "any")
        if not chosen and not whole and route.rewrite is None:
            continue
        if route.rewrite is not None:
            inside = replace(route, how="prefix", path=route.rewrite)
            chosen = [o for o in known if reaches(inside, o.name)] or chosen
        loose = [o for o in operations.get(route.service, ()) if o.name == ANY and o in calling]
        for operation in [*chosen, *loose] or [Operation(route.service, ANY)]:
            yield Entry(operation, route.kind, route.reason, route.span)


def reaches(route: Route, name: str) -> bool:
    """Whether a route from outside lets a request for the operation in."""
    verb, _, path = name.partition(" ")
    if name == ANY or name.startswith("/"):
        return name == ANY or route.how == "any" or _path_fits(route, name)
    return _method(route, name) and verb != "" and _path_fits(route, path)


def _method(route: Route, name: str) -> bool:
    return route.method == "*" or name.partition(" ")[0] in (route.method, "*")


def _path_fits(route: Route, path: str) -> bool:
    if route.how == "any" or path == ANY:
        return True
    if route.how == "exact":
        return bool(match((f"GET {path}",), "http", "GET", route.path)) and _exact(path, route.path)
    if route.how in ("prefix", "segments"):
        plain = re.split(r"[{*]", path, maxsplit=1)[0]
        return route.takes(plain) or ("{" in path and route.path.startswith(plain))
    try:
        return re.fullmatch(route.path, re.sub(r"\{[^}]*\}", "x", path)) is not None
    except re.error:
        return True


def _exact(path: str, wanted: str) -> bool:
    pattern = "".join("[^/]+" if i % 2 else re.escape(p) for i, p in enumerate(re.split(r"\{([^}]*)\}", path)))
    return re.fullmatch(pattern.rstrip("/") + "/?", wanted) is not None


def _asked(operation: Operation) -> bool:
    """Whether it is something that a request can ask for."""
    return operation.name.partition(" ")[0] not in _STARTED and operation.name != ANY


def _started(
    mesh: Mesh, programs: Mapping[Operation, Program], calling: set[Operation], called: set[Operation]
) -> Iterator[Entry]:
    """Consumers, schedules, commands and start-up code that call something."""
    for operation, program in programs.items():
        kind = program.handler.kind
        if kind not in _STARTED or operation not in calling:
            continue
        if kind == "task" and operation in called:
            continue
        if kind in ("cli", "startup") and _scheduled(mesh, operation):
            kind = "cron"
        yield Entry(operation, kind, _because(kind, program.handler.symbol), program.handler.span)
    for operation in sorted(calling - set(programs)):
        if operation.name == ANY and _scheduled(mesh, operation):
            span = mesh.services[operation.service].pods[0].span
            yield Entry(operation, "cron", f"{operation.service} runs on a schedule", span)


def _scheduled(mesh: Mesh, operation: Operation) -> bool:
    """Whether a CronJob or Job is what runs it."""
    facts = [p.fact for p in mesh.services[operation.service].pods if p.fact is not None]
    return bool(facts) and all(f.kind in ("CronJob", "Job") for f in facts)


def _because(kind: str, symbol: str) -> str:
    words = {
        "consumer": "takes messages",
        "cron": "runs on a schedule",
        "task": "is a task that nothing here is seen to start",
        "cli": "is run as a command",
        "startup": "runs when the program starts",
    }
    return f"{symbol} {words[kind]}"


def _roots(mesh: Mesh, operations: Mapping[str, tuple[Operation, ...]], wires: tuple[Wire, ...]) -> Iterator[Entry]:
    """Operations that call and are not called; a service that nobody calls at all is one with all it does."""
    called = {w.callee for w in wires if w.caller.service != w.callee.service}
    asked = {o.service for o in called}
    callers = {w.caller for w in wires}
    spans: dict[Operation, Span] = {w.caller: w.span for w in reversed(wires)}
    for service, known in operations.items():
        if service not in mesh.services or mesh.services[service].external:
            continue
        for operation in known:
            if operation in called or (operation not in callers and service in asked):
                continue
            if operation in callers or _asked(operation):
                yield Entry(operation, "root", "nothing here calls it", spans.get(operation))
