"""Placing boxes and lines: nothing may meet, and the same input gives the same picture."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.layout import Box, Line, Placement, place


def graph(pairs: list[tuple[int, int]], labels: bool = True) -> tuple[list[Box], list[Line]]:
    names = sorted({n for pair in pairs for n in pair})
    boxes = [Box(f"s{n}", 60.0 + 7 * (n % 5), 30.0) for n in names]
    lines = [Line(f"s{a}", f"s{b}", 24.0 if labels else 0.0, 12.0 if labels else 0.0) for a, b in pairs if a != b]
    return boxes, lines


def rectangles(boxes: list[Box], lines: list[Line], found: Placement) -> list[tuple[float, float, float, float]]:
    shapes = [
        (c.x - b.width / 2, c.y - b.height / 2, c.x + b.width / 2, c.y + b.height / 2)
        for b in boxes
        for c in [found.centres[b.name]]
    ]
    for line, route in zip(lines, found.routes, strict=True):
        if route.label:
            x, y = route.label.x, route.label.y
            wide, high = line.label_width / 2, line.label_height / 2
            shapes.append((x - wide, y - high, x + wide, y + high))
    return shapes


def apart(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    close = 0.001
    return a[2] <= b[0] + close or b[2] <= a[0] + close or a[3] <= b[1] + close or b[3] <= a[1] + close


PAIRS = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), min_size=1, max_size=28, unique=True)


@given(PAIRS)
@settings(max_examples=150, deadline=None)
def test_no_label_meets_another_or_a_box_even_with_cycles(pairs: list[tuple[int, int]]) -> None:
    boxes, lines = graph(pairs)
    shapes = rectangles(boxes, lines, place(boxes, lines))
    assert all(apart(a, b) for a, b in combinations(shapes, 2))


@given(PAIRS)
@settings(max_examples=100, deadline=None)
def test_everything_is_on_the_page(pairs: list[tuple[int, int]]) -> None:
    boxes, lines = graph(pairs)
    found = place(boxes, lines)
    for left, top, right, bottom in rectangles(boxes, lines, found):
        assert left >= -0.01
        assert top >= -0.01
        assert right <= found.width + 0.01
        assert bottom <= found.height + 0.01


@given(PAIRS)
@settings(max_examples=60, deadline=None)
def test_the_same_graph_is_placed_the_same(pairs: list[tuple[int, int]]) -> None:
    assert place(*graph(pairs)) == place(*graph(pairs))


def test_callees_stand_right_of_their_callers() -> None:
    pairs = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (3, 4)]
    centres = place(*graph(pairs)).centres
    assert all(centres[f"s{a}"].x < centres[f"s{b}"].x for a, b in pairs)


def test_a_long_line_passes_between_the_boxes_of_the_columns_it_crosses() -> None:
    boxes, lines = graph([(0, 1), (1, 2), (2, 3), (0, 3)])
    found = place(boxes, lines)
    shapes = rectangles(boxes, lines, found)[: len(boxes)]
    for a, b in pairwise(found.routes[3].points[1:-1]):
        if a.y == b.y:
            assert all(apart((min(a.x, b.x), a.y, max(a.x, b.x), a.y), s) for s in shapes)


def test_a_back_edge_runs_from_left_to_right_side() -> None:
    boxes, lines = graph([(0, 1), (1, 0)])
    found = place(boxes, lines)
    back = found.routes[1].points
    assert back[0].x > back[-1].x


def test_lines_leave_a_box_at_different_heights() -> None:
    _, lines = graph([(0, n) for n in range(1, 5)])
    found = place(*graph([(0, n) for n in range(1, 5)]))
    assert len({route.points[0].y for route in found.routes}) == len(lines)


def test_nothing_to_place_is_an_empty_page() -> None:
    assert place([], []).routes == ()


def test_a_crossing_that_an_order_avoids_is_avoided() -> None:
    boxes, lines = graph([(0, 3), (1, 2)], labels=False)
    centres = place(boxes, lines).centres
    assert (centres["s0"].y < centres["s1"].y) == (centres["s3"].y < centres["s2"].y)
