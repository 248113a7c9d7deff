"""What a compromised workload can reach over permissions alone, whether or not any code calls it.

Whoever holds a workload can send with its identity to everything that lets it in, and holds what answers next. This is
asked for one workload at a time, since in most meshes it is nearly everything.
Shape: one path an operation that the workload may not ask for itself, by the fewest workloads in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from analyzer.model import Decision, Operation
from analyzer.reachability.matrix import Matrix
from analyzer.reachability.paths import Path


def lateral(table: Matrix, service: str) -> Iterator[Path]:
    """The operations that the workload gets at through others, nearest first."""
    if service not in table.place:
        return
    came: dict[str, tuple[str, Operation] | None] = {service: None}
    queue = deque([service])
    reached: dict[Operation, str] = {}
    by_service = _letting_in(table)
    while queue:
        holder = queue.popleft()
        for operation, allowed in by_service:
            if not allowed >> table.place[holder] & 1:
                continue
            reached.setdefault(operation, holder)
            if operation.service not in came and operation.service in table.place:
                came[operation.service] = (holder, operation)
                queue.append(operation.service)
    for operation, holder in sorted(reached.items()):
        if service in {holder, operation.service}:
            continue
        via = _way(holder, came)
        names = " -> ".join(str(o) for o in (*via, operation))
        said = f"whoever holds {service} can get at {operation}: {names}"
        yield Path("lateral", service, operation, via, message=said)


def _letting_in(table: Matrix) -> list[tuple[Operation, int]]:
    return [(o, table.who(o, Decision.ALLOWED)) for o in table.cells]


def _way(holder: str, came: dict[str, tuple[str, Operation] | None]) -> tuple[Operation, ...]:
    found: list[Operation] = []
    step = came[holder]
    while step is not None:
        found.append(step[1])
        step = came[step[0]]
    return tuple(reversed(found))
