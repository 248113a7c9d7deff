"""A layered drawing, left to right: which column, which order, which height; names and lines come later.

After Sugiyama, Tagawa and Toda (1981): cycles are opened, columns follow the longest path, long edges become a row of
stops, order is by barycentre, heights by least squares under the order. Every edge that carries a label gets a stop of
the label's size in a column between its ends, so that no label can meet another one or a box.
Shape: deterministic: ties are broken by the order of the input. Units: whatever the boxes' sizes are in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 24
RELAXATIONS = 12


@dataclass(frozen=True, slots=True)
class Box:
    """Something to place: its name and size."""

    name: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """An edge, with the size of its label (0: none)."""

    source: str
    target: str
    label_width: float = 0.0
    label_height: float = 0.0


@dataclass(frozen=True, slots=True)
class Spacing:
    """Room between columns, between boxes of one column, and between lines that pass."""

    column: float = 46.0
    box: float = 16.0
    line: float = 9.0


ROOMY = Spacing()


@dataclass(frozen=True, slots=True)
class Point:
    """A place; y grows downwards."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Route:
    """Where a line runs, from the source's right side to the target's left, and where its label's middle is."""

    points: tuple[Point, ...]
    label: Point | None


@dataclass(frozen=True, slots=True)
class Placement:
    """The middles of all boxes, the routes of all lines in the order given, and the size of the whole."""

    centres: Mapping[str, Point]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass(slots=True)
class _Stop:
    """A box, a label or a bend in a column; local to one ``place``."""

    width: float
    height: float
    column: int
    box: bool
    y: float = 0.0
    x: float = 0.0
    span: float = 0.0  # how far the line runs level here: past boxes and through its label


def place(boxes: Sequence[Box], lines: Sequence[Line], spacing: Spacing = ROOMY) -> Placement:
    """Place every box and route every line."""
    columns = _columns([b.name for b in boxes], lines)
    stops = {b.name: _Stop(b.width, b.height, 2 * columns[b.name], box=True) for b in boxes}
    ways = [_way(stops, index, line) for index, line in enumerate(lines)]
    links = sorted({pair for way in ways for pair in pairwise(way) if pair[0] != pair[1]})
    order = _ordered(stops, links)
    _heights(stops, order, links, spacing)
    width = _across(stops, order, spacing)
    height = max((s.y + s.height / 2 for s in stops.values()), default=0.0)
    centres = {b.name: Point(stops[b.name].x, stops[b.name].y) for b in boxes}
    leave, arrive = _ports(stops, ways, end=0), _ports(stops, ways, end=-1)
    routes = tuple(
        _route(stops, way, line, leave[i], arrive[i]) for i, (way, line) in enumerate(zip(ways, lines, strict=True))
    )
    return Placement(centres, routes, width, height)


# ----------------------------------------------------------------------------------------------------------- columns


def _columns(names: Sequence[str], lines: Sequence[Line]) -> dict[str, int]:
    """The column of every box: one right of its rightmost caller; callers then move right towards their callees."""
    forward = _forward(names, lines)
    column = dict.fromkeys(names, 0)
    order = _topological(names, forward)
    for name in order:
        for callee in forward[name]:
            column[callee] = max(column[callee], column[name] + 1)
    called = {c for n in names for c in forward[n]}
    for name in order:
        if forward[name] and name not in called:
            column[name] = max(column[name], min(column[c] for c in forward[name]) - 1)
    return column


def _forward(names: Sequence[str], lines: Sequence[Line]) -> dict[str, list[str]]:
    """Callees by caller without the edges that would close a circle (found depth first, without recursion)."""
    outgoing: dict[str, list[str]] = {n: [] for n in names}
    incoming = dict.fromkeys(names, 0)
    for line in lines:
        if line.source != line.target and line.target not in outgoing[line.source]:
            outgoing[line.source].append(line.target)
            incoming[line.target] += 1
    back: set[tuple[str, str]] = set()
    state: dict[str, int] = {}
    for start in sorted(names, key=lambda n: incoming[n] > 0):
        stack = [(start, iter(outgoing[start]))] if start not in state else []
        while stack:
            name, rest = stack[-1]
            state[name] = 1
            for callee in rest:
                if state.get(callee) == 1:
                    back.add((name, callee))
                elif callee not in state:
                    stack.append((callee, iter(outgoing[callee])))
                    break
            else:
                state[name] = 2
                stack.pop()
    return {n: [c for c in outgoing[n] if (n, c) not in back] for n in names}


def _topological(names: Sequence[str], forward: Mapping[str, Sequence[str]]) -> list[str]:
    waiting = dict.fromkeys(names, 0)
    for callees in forward.values():
        for callee in callees:
            waiting[callee] += 1
    ready = [n for n in names if not waiting[n]]
    order: list[str] = []
    while ready:
        name = ready.pop(0)
        order.append(name)
        for callee in forward[name]:
            waiting[callee] -= 1
            if not waiting[callee]:
                ready.append(callee)
    return order


def _way(stops: dict[str, _Stop], index: int, line: Line) -> list[str]:
    """The stops of a line from source to target, in the columns between them; its label in the middle one."""
    first, last = stops[line.source].column, stops[line.target].column
    step = 1 if last > first else -1
    between = list(range(first + step, last, step)) or [first + 1]
    odd = [column for column in between if column % 2]
    labelled = odd[len(odd) // 2]
    way = [line.source]
    for column in between:
        name = f"\0{index}:{column}"
        size = (line.label_width, line.label_height) if column == labelled else (0.0, 0.0)
        stops[name] = _Stop(*size, column, box=False)
        way.append(name)
    return [*way, line.target]


# ------------------------------------------------------------------------------------------------------------- order


def _ordered(stops: Mapping[str, _Stop], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The stops of every column from top to bottom, with few crossings: the best of some sweeps."""
    columns = _by_column(stops)
    before, after = _neighbours(stops, links)
    best, fewest = [list(c) for c in columns], _crossings(columns, after)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        rightward = sweep % 2 == 0
        walk = range(1, len(columns)) if rightward else range(len(columns) - 2, -1, -1)
        for index in walk:
            fixed = columns[index - 1 if rightward else index + 1]
            _sort(columns[index], fixed, before if rightward else after)
        crossings = _crossings(columns, after)
        if crossings < fewest:
            best, fewest = [list(c) for c in columns], crossings
    return best


def _by_column(stops: Mapping[str, _Stop]) -> list[list[str]]:
    columns: list[list[str]] = [[] for _ in range(1 + max((s.column for s in stops.values()), default=-1))]
    for name, stop in stops.items():
        columns[stop.column].append(name)
    return columns


def _neighbours(
    stops: Mapping[str, _Stop], links: Sequence[tuple[str, str]]
) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]]]:
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for a, b in links:
        left, right = (a, b) if stops[a].column < stops[b].column else (b, a)
        if stops[left].column + 1 == stops[right].column:
            before[right].append(left)
            after[left].append(right)
    return before, after


def _sort(column: list[str], fixed: Sequence[str], neighbours: Mapping[str, list[str]]) -> None:
    """By the mean place of the neighbours; those without keep theirs."""
    place_of = {name: index for index, name in enumerate(fixed)}
    here = {name: float(index) for index, name in enumerate(column)}
    scale = len(fixed) / max(len(column), 1)

    def key(name: str) -> tuple[float, float]:
        places = [place_of[n] for n in neighbours.get(name, ()) if n in place_of]
        return (sum(places) / len(places) if places else here[name] * scale, here[name])

    column.sort(key=key)


def _crossings(columns: Sequence[Sequence[str]], after: Mapping[str, list[str]]) -> int:
    """How often lines cross between neighbouring columns (inversions, counted by insertion)."""
    total = 0
    for left, right in pairwise(columns):
        place_of = {name: index for index, name in enumerate(right)}
        ends = [e for name in left for e in sorted(place_of[n] for n in after.get(name, ()) if n in place_of)]
        total += _inversions(ends, len(right))
    return total


def _inversions(values: Sequence[int], size: int) -> int:
    """Pairs out of order, by a Fenwick tree."""
    tree = [0] * (size + 1)
    found = 0
    for seen, value in enumerate(values):
        below, index = 0, value + 1
        while index:
            below += tree[index]
            index -= index & -index
        found += seen - below
        index = value + 1
        while index <= size:
            tree[index] += 1
            index += index & -index
    return found


# ----------------------------------------------------------------------------------------------------------- heights


def _heights(
    stops: Mapping[str, _Stop], order: Sequence[Sequence[str]], links: Sequence[tuple[str, str]], spacing: Spacing
) -> None:
    """Heights that keep lines straight: a column moves to the mean of its neighbours, as far as its order lets it."""
    before, after = _neighbours(stops, links)
    for column in order:
        _settle(stops, column, [0.0] * len(column), spacing)
    for turn in range(RELAXATIONS):
        columns = order if turn % 2 == 0 else list(reversed(order))
        for column in columns:
            wanted = [_wanted(stops, name, before, after, turn) for name in column]
            _settle(stops, column, wanted, spacing)
    _close_gaps(stops, spacing)


def _close_gaps(stops: Mapping[str, _Stop], spacing: Spacing) -> None:
    """Start at the top, and take out the bands in which nothing stands."""
    below = 0.0
    shift = 0.0
    for stop in sorted(stops.values(), key=lambda s: (s.y - s.height / 2, s.x)):
        gap = stop.y - stop.height / 2 - shift - below
        if gap > 2 * spacing.box or not below:
            shift += gap - (2 * spacing.box if below else 0.0)
        stop.y -= shift
        below = max(below, stop.y + stop.height / 2)


def _wanted(
    stops: Mapping[str, _Stop],
    name: str,
    before: Mapping[str, list[str]],
    after: Mapping[str, list[str]],
    turn: int,
) -> float:
    first, second = (before, after) if turn % 2 == 0 else (after, before)
    near = [*first.get(name, ()), *(second.get(name, ()) if turn >= RELAXATIONS - 4 or not first.get(name) else ())]
    weights = [1.0 if stops[n].box and stops[name].box else 2.0 for n in near]
    return sum(stops[n].y * w for n, w in zip(near, weights, strict=True)) / sum(weights) if near else stops[name].y


def _settle(stops: Mapping[str, _Stop], column: Sequence[str], wanted: Sequence[float], spacing: Spacing) -> None:
    """The nearest heights to those wanted that keep order and room: least squares, pooling neighbours that collide."""
    offsets, total = [], 0.0
    for index, name in enumerate(column):
        if index:
            total += _room(stops[column[index - 1]], stops[name], spacing)
        offsets.append(total)
    blocks: list[tuple[float, int]] = []  # mean, size
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, count = blocks.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        blocks.append((mean, size))
    flat = [mean for mean, size in blocks for _ in range(size)]
    for name, base, offset in zip(column, flat, offsets, strict=True):
        stops[name].y = base + offset


def _room(above: _Stop, below: _Stop, spacing: Spacing) -> float:
    gap = spacing.box if above.box and below.box else spacing.line
    return (above.height + below.height) / 2 + gap


# ------------------------------------------------------------------------------------------------------------ across


def _across(stops: Mapping[str, _Stop], order: Sequence[Sequence[str]], spacing: Spacing) -> float:
    """The x of every stop: boxes side by side in their columns, labels in the room between. Returns the width."""
    x = 0.0
    for index, column in enumerate(order):
        widest = max((stops[n].width for n in column), default=0.0)
        room = widest if index % 2 == 0 else max(widest, 2.0)
        for name in column:
            stops[name].x = x + room / 2
            stops[name].span = room if index % 2 == 0 else stops[name].width
        x += room + (spacing.column / 2 if index < len(order) - 1 else 0.0)
    return x


def _ports(stops: Mapping[str, _Stop], ways: Sequence[Sequence[str]], end: int) -> list[float]:
    """How far from its box's middle each line leaves (``end`` 0) or arrives (-1), in the order in which they part."""
    sides: dict[tuple[str, bool], list[int]] = defaultdict(list)
    nearest = 1 if end == 0 else -2
    for index, way in enumerate(ways):
        sides[way[end], stops[way[nearest]].x > stops[way[end]].x].append(index)
    found = [0.0] * len(ways)
    for (name, _), indices in sides.items():
        indices.sort(key=lambda i: (stops[ways[i][nearest]].y, i))
        gap = min(_PORT, _PORTS * stops[name].height / max(len(indices) - 1, 1))
        for place_of, index in enumerate(indices):
            found[index] = (place_of - (len(indices) - 1) / 2) * gap
    return found


#: Room between two lines at one box, and the part of its height that they may take.
_PORT, _PORTS = 8.0, 0.6


def _route(stops: Mapping[str, _Stop], way: Sequence[str], line: Line, leave: float, arrive: float) -> Route:
    source, target = stops[way[0]], stops[way[-1]]
    side = 1 if target.column > source.column else -1
    start = Point(source.x + side * source.width / 2, source.y + leave)
    end = Point(target.x - side * target.width / 2, target.y + arrive)
    middle = [stops[name] for name in way[1:-1]]
    label = next((Point(s.x, s.y) for s in middle if line.label_width and s.width), None)
    return Route((start, *(p for stop in middle for p in _level(stop, side)), end), label)


def _level(stop: _Stop, side: int) -> tuple[Point, ...]:
    if not stop.span:
        return (Point(stop.x, stop.y),)
    half = side * stop.span / 2
    return (Point(stop.x - half, stop.y), Point(stop.x + half, stop.y))
