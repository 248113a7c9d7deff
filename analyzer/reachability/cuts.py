"""The smallest set of hops whose loss closes every way to an operation.

Maximal flow over operations: a hop that is open to everybody counts one, one that was granted counts more than all
open ones together, so that what somebody decided is cut last. The cut is verified by walking again without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from analyzer.model import Operation
from analyzer.reachability.hops import Hop

_SOURCE = Operation("", "")

_Edge = tuple[Operation, Operation]


def smallest_cut(
    starts: Iterable[Hop], leaving: Mapping[Operation, tuple[Hop, ...]], target: Operation
) -> tuple[Hop, ...]:
    """The hops to close, in order of their calls; empty where the target is asked for directly."""
    edges = _edges(starts, leaving, target)
    if (_SOURCE, target) in edges or not edges:
        return ()
    opens = sum(1 for e in edges.values() if e[0].open)
    capacity = {e: 1 if all(h.open for h in hops) else opens + 1 for e, hops in edges.items()}
    reached = _after_flow(capacity, target)
    cut = [e for e in edges if e[0] in reached and e[1] not in reached]
    assert not _reaches([e for e in edges if e not in cut], target)
    return tuple(sorted((h for e in cut for h in edges[e]), key=lambda h: h.call.id))


def _edges(
    starts: Iterable[Hop], leaving: Mapping[Operation, tuple[Hop, ...]], target: Operation
) -> dict[_Edge, list[Hop]]:
    """The hops on ways from the source to the target, put together where they join the same operations.

    A way back into the source is none: it can set out from there anyhow.
    """
    found: dict[_Edge, list[Hop]] = {}
    first = [h for h in starts if h.target.service != h.call.caller.service]
    own = {h.call.caller.service for h in first}
    for hop in first:
        found.setdefault((_SOURCE, hop.target), []).append(hop)
    queue = deque({h.target: None for h in first})
    seen = set(queue)
    while queue:
        operation = queue.popleft()
        if operation == target:
            continue
        for hop in leaving.get(operation, ()):
            if hop.target.service in own:
                continue
            found.setdefault((operation, hop.target), []).append(hop)
            if hop.target not in seen:
                seen.add(hop.target)
                queue.append(hop.target)
    useful = _leading_to(found, target)
    return {e: hops for e, hops in found.items() if e[1] in useful and e[0] != target}


def _leading_to(edges: Iterable[_Edge], target: Operation) -> set[Operation]:
    before: dict[Operation, list[Operation]] = {}
    for a, b in edges:
        before.setdefault(b, []).append(a)
    found, queue = {target}, deque([target])
    while queue:
        for operation in before.get(queue.popleft(), ()):
            if operation not in found:
                found.add(operation)
                queue.append(operation)
    return found


def _after_flow(capacity: Mapping[_Edge, int], target: Operation) -> set[Operation]:
    """What can still be reached from the source once the flow is as large as it can be (Edmonds-Karp)."""
    left = dict(capacity)
    beside: dict[Operation, set[Operation]] = {}
    for a, b in capacity:
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)
    while True:
        came = _search(left, beside, target)
        if target not in came:
            return set(came)
        way: list[_Edge] = []
        at = target
        while at != _SOURCE:
            way.append((came[at], at))
            at = came[at]
        flow = min(left.get(e, 0) for e in way)
        for a, b in way:
            left[a, b] = left.get((a, b), 0) - flow
            left[b, a] = left.get((b, a), 0) + flow


def _search(
    left: Mapping[_Edge, int], beside: Mapping[Operation, set[Operation]], target: Operation
) -> dict[Operation, Operation]:
    came = {_SOURCE: _SOURCE}
    queue = deque([_SOURCE])
    while queue and target not in came:
        operation = queue.popleft()
        for following in sorted(beside.get(operation, ())):
            if following not in came and left.get((operation, following), 0) > 0:
                came[following] = operation
                queue.append(following)
    return came


def _reaches(edges: Iterable[_Edge], target: Operation) -> bool:
    following: dict[Operation, list[Operation]] = {}
    for a, b in edges:
        following.setdefault(a, []).append(b)
    seen, queue = {_SOURCE}, deque([_SOURCE])
    while queue:
        for operation in following.get(queue.popleft(), ()):
            if operation not in seen:
                seen.add(operation)
                queue.append(operation)
    return target in seen
