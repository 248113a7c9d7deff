"""Programs and their wires: which operation sends what where, in the environment of the workload that runs it.

Shape: a program an operation; wires sorted by id. ``frontend POST /payment#2->ledgerwriter``: caller, ``Send.key``,
callee; a namespace is part of an id where a name needs it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.linking.brokers import Brokers
from analyzer.linking.directory import Directory, Sender, Target
from analyzer.linking.forwarding import matches, own_path
from analyzer.linking.homes import aliases
from analyzer.linking.layers import app_layers
from analyzer.linking.listening import shared_parts
from analyzer.linking.mesh import UNRESOLVED, Mesh, Program, ServiceNode, Wire
from analyzer.linking.operations import ANY, Match, match, operation_name, takes
from analyzer.linking.placement import Placed, Placement
from analyzer.linking.sending import MESSAGES, WEB, Sent, precision, sent
from analyzer.linking.sites import Site, highest_key, shifted, sites
from analyzer.linking.texts import evaluate, labelled
from analyzer.linking.variables import Environments
from analyzer.linking.wireids import Namer
from analyzer.model import Operation, Precision
from parsers.diagnostics import Diagnostic
from parsers.facts.python import Branch, Call, Handler, Step
from parsers.quantities import ONCE


@dataclass(frozen=True, slots=True)
class Programs:
    """What code does: programs by operation, their wires, and what could not be told."""

    programs: Mapping[Operation, Program]
    wires: tuple[Wire, ...]
    diagnostics: tuple[Diagnostic, ...]


def programs(
    mesh: Mesh, placement: Placement, directory: Directory, known: Mapping[str, ServiceNode], namer: Namer
) -> Programs:
    """Link every handler that a workload runs; ``known`` is the service as which each pod is known."""
    builder = _Builder(mesh, placement, directory, known)
    for placed in placement.placed:
        builder.add(placed)
    return builder.finished(namer)


class _Builder:
    """Collects programs; local to one ``programs``."""

    def __init__(
        self, mesh: Mesh, placement: Placement, directory: Directory, known: Mapping[str, ServiceNode]
    ) -> None:
        self._mesh = mesh
        self._directory = directory
        self._homes = known
        self._environments = Environments(mesh)
        self._aliases = aliases(mesh, known)
        self._names = _operations(placement, known)
        self._handled = {s.call.span for p in placement.placed for h in p.handlers for s in sites(h.body)}
        self._found: dict[Operation, list[tuple[Handler, Step]]] = {}
        self._wired: defaultdict[Operation, dict[int, list[Wire]]] = defaultdict(dict)
        self._loose: list[Wire] = []
        self._diagnostics: list[Diagnostic] = []
        self._brokers = Brokers(mesh)
        self._consumers = _consumers(self._names)
        self._folders = {known[p.runner.pod.id].id: p.runner.folder for p in placement.placed}

    def add(self, placed: Placed) -> None:
        runner = placed.runner
        service = self._homes[runner.pod.id]
        known = self._environments.of(runner.pod, runner.container, runner.env)
        sender = Sender(runner.pod, service, runner.folder, known)
        for handler in _chosen(placed.handlers):
            operation = Operation(service.id, operation_name(handler))
            wires = self._wired[operation]
            for site in sites(self._version(operation, handler)):
                mine = wires.setdefault(site.key, [])
                for wire in self._wires(operation, site, sender):
                    if not any(_same(wire, other) for other in mine):
                        mine.append(wire)
        for call in placed.calls:
            if call.span not in self._handled:
                self._loose += self._loose_wires(call, service, sender)

    def _version(self, operation: Operation, handler: Handler) -> Step:
        """The handler's steps, with keys of their own where other pods of the service run another version of it."""
        versions = self._found.setdefault(operation, [])
        for known, body in versions:
            if known == handler:
                return body
        offset = max((highest_key(body) for _, body in versions), default=-1) + 1
        body = shifted(handler.body, offset) if offset else handler.body
        versions.append((handler, body))
        return body

    def finished(self, namer: Namer) -> Programs:
        every: list[Wire] = []
        linked: dict[Operation, Program] = {}
        for operation in sorted(self._found):
            (handler, _), *others = self._found[operation]
            by_key = self._wired[operation]
            if others:
                handler = replace(handler, body=Branch(tuple(body for _, body in self._found[operation])))
            keyed = []
            for key in sorted(by_key):
                named = tuple(namer.named(w) for w in by_key[key])
                every += named
                keyed.append((key, tuple(w.id for w in named)))
            linked[operation] = Program(operation, handler, tuple(keyed))
        covered = {(w.caller.service, w.callee) for w in every}
        loose = [w for w in self._loose if (w.caller.service, w.callee) not in covered]
        unique = [w for i, w in enumerate(loose) if not any(_same(w, o) and w.span == o.span for o in loose[:i])]
        every += [namer.named(w) for w in sorted(unique, key=lambda w: (w.caller, w.span, w.callee))]
        return Programs(linked, tuple(sorted(every, key=lambda w: w.id)), tuple(dict.fromkeys(self._diagnostics)))

    def _loose_wires(self, call: Call, service: ServiceNode, sender: Sender) -> Iterator[Wire]:
        """A call that no handler is known to reach: the service makes it, no operation does."""
        site = Site(call, 0, (), ONCE)
        for wire in self._wires(Operation(service.id, ANY), site, sender):
            note = "no handler is known to reach this call"
            yield replace(wire, key=None, precision=max_unknown(wire.precision), note=_joined(note, wire.note))

    def _wires(self, caller: Operation, site: Site, sender: Sender) -> Iterator[Wire]:
        call = site.call
        takers = self._takers(call, sender)
        if takers:
            yield from (self._message(caller, site, taker, len(takers)) for taker in takers)
            return
        found, notes = sent(call, sender, self._directory)
        found, notes = self._through_broker(call, sender, found, notes)
        self._diagnostics += notes
        ones = [replace(s, path=own_path(s.path, caller)) for s in found]
        asked = [(one, matched) for one in ones for matched in self._matches(caller, call, one)]
        several = len({(one.target.service, matched.name) for one, matched in asked})
        for one, matched in asked:
            yield Wire(
                id="",
                caller=caller,
                callee=Operation(one.target.service, matched.name),
                host=one.host,
                port=one.port,
                protocol=one.protocol,
                method=call.method,
                path=_path(call, one),
                provenance="code",
                precision=precision(one, matched.precision, several),
                span=call.span,
                layers=app_layers(site),
                headers=call.headers,
                timeout_s=call.timeout_s,
                body_bytes=call.body_bytes,
                times=site.times,
                key=site.key,
                note=_joined(_untaken(call, one), one.target.note, matched.note, self._candidate(call, one)),
            )

    def _through_broker(
        self, call: Call, sender: Sender, found: tuple[Sent, ...], notes: tuple[Diagnostic, ...]
    ) -> tuple[tuple[Sent, ...], tuple[Diagnostic, ...]]:
        """A message that nobody here is known to take goes as far as the broker, where there is one."""
        inside = any(not s.target.service.startswith(("external:", UNRESOLVED)) for s in found)
        broker = (
            self._brokers.of(call.protocol, sender.pod.namespace) if call.protocol in MESSAGES and not inside else None
        )
        if broker is None:
            return found, notes
        told = ", ".join(dict.fromkeys(s.host for s in found if s.host))
        note = f"a message to {told or 'a queue or topic'}, which nobody here is known to take"
        target = Target(broker, Precision.UPPER_BOUND, note)
        return (Sent(target, told, None, None, call.protocol),), ()

    def _candidate(self, call: Call, one: Sent) -> str | None:
        """For an address that is not known: the only operation of the system that would take such a request."""
        if one.target.service != UNRESOLVED or not one.path or one.protocol not in (*WEB, "grpc"):
            return None
        fits = sorted(
            str(Operation(s, n)) for s, names in self._names.items() for n in takes(names, call.method, one.path)
        )
        return f"only {fits[0]} would take it" if len(fits) == 1 else None

    def _takers(self, call: Call, sender: Sender) -> tuple[Operation, ...]:
        """Who takes the message or does the task that a call sends: those who name the same topic, queue or task."""
        if call.protocol in WEB or call.protocol == "grpc":
            return ()
        texts = [evaluate(t, sender.variables).text for t in call.url]
        names = {n for t in texts for n in (t, t.partition("://")[2], t.rstrip("/").rpartition("/")[2]) if n}
        found = sorted({o for n in names for o in self._consumers.get(n, ())})
        others = {o.service for o in found} - {sender.service.id}
        if len(others) < 2:
            return tuple(found)
        together = {s: shared_parts(sender.folder, self._folders[s]) for s in others}
        near = {s for s in others if together[s] == max(together.values())}
        return tuple(o for o in found if o.service in near or o.service == sender.service.id)

    def _message(self, caller: Operation, site: Site, taker: Operation, several: int) -> Wire:
        call = site.call
        return Wire(
            id="",
            caller=caller,
            callee=taker,
            host=taker.name.partition(" ")[2],
            port=None,
            protocol=call.protocol,
            method=call.method,
            path="",
            provenance="code",
            precision=Precision.EXACT if several == 1 else Precision.UPPER_BOUND,
            span=call.span,
            layers=app_layers(site),
            times=site.times,
            key=site.key,
            note="a message: the caller does not wait for an answer",
        )

    def _matches(self, caller: Operation, call: Call, one: Sent) -> tuple[Match, ...]:
        service = one.target.service
        names = self._names.get(self._aliases.get(service, service), ())
        if one.protocol in WEB or one.protocol == "grpc":
            if one.protocol == "grpc":
                return match(names, "grpc", call.method, one.path)
            return (
                (Match(ANY, Precision.UNKNOWN),) if one.path is None else matches(names, caller, call.method, one.path)
            )
        return (Match(ANY, Precision.EXACT),)


def max_unknown(precision: Precision) -> Precision:
    """At best an upper bound."""
    return Precision.UPPER_BOUND if precision is Precision.EXACT else precision


def _chosen(handlers: Iterable[Handler]) -> Iterator[Handler]:
    """One handler an operation: the one that sends most, the first of them."""
    best: dict[str, tuple[int, Handler]] = {}
    for handler in sorted(handlers, key=lambda h: h.span):
        name, size = operation_name(handler), sum(1 for _ in sites(handler.body))
        if name not in best or size > best[name][0]:
            best[name] = (size, handler)
    yield from (best[name][1] for name in sorted(best))


def _operations(placement: Placement, known: Mapping[str, ServiceNode]) -> dict[str, tuple[str, ...]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for placed in placement.placed:
        found[known[placed.runner.pod.id].id] |= {operation_name(h) for h in placed.handlers}
    return {service: tuple(sorted(names)) for service, names in sorted(found.items())}


def _consumers(names: Mapping[str, tuple[str, ...]]) -> dict[str, list[Operation]]:
    """Operations that take messages or tasks, by the name they are known under."""
    found: defaultdict[str, list[Operation]] = defaultdict(list)
    for service, operations in names.items():
        for name in operations:
            kind, _, what = name.partition(" ")
            if kind in ("consumer", "task"):
                found[what].append(Operation(service, name))
    return found


def _untaken(call: Call, one: Sent) -> str | None:
    """For a message to something that is no host: nobody here takes it."""
    outside = one.target.service.startswith("external:") and one.port is None
    return "a message; nobody here is known to take it" if outside and call.protocol in MESSAGES else None


def _path(call: Call, one: Sent) -> str:
    if one.protocol == "grpc":
        return call.method
    return labelled(one.path or "")


def _same(a: Wire, b: Wire) -> bool:
    """Whether two alternatives are one: the same operation asked in the same way, whatever stands in its path."""
    path = a.path == b.path or a.callee.name != ANY
    return path and (a.caller, a.callee, a.host, a.port, a.method) == (b.caller, b.callee, b.host, b.port, b.method)


def _joined(*notes: str | None) -> str | None:
    return "; ".join(n for n in notes if n) or None
