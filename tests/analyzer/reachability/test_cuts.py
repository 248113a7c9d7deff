"""The smallest cut, and the shortest chains, against trying everything."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import Decision, Operation, Verdict
from analyzer.reachability.cuts import smallest_cut
from analyzer.reachability.deputies import chains
from analyzer.reachability.hops import Hop

NAMES = "stuvw"
Edge = tuple[str, str, bool]


def hop(number: int, edge: Edge) -> Hop:
    call = SimpleNamespace(id=f"c{number}", caller=Operation(edge[0], "*"), callee=Operation(edge[1], "*"))
    return Hop(cast("Any", call), Verdict(Decision.ALLOWED), edge[2])


def leaving(hops: Iterable[Hop]) -> dict[Operation, tuple[Hop, ...]]:
    found: dict[Operation, tuple[Hop, ...]] = {}
    for h in hops:
        found[h.call.caller] = (*found.get(h.call.caller, ()), h)
    return found


def reaches(hops: Iterable[Hop]) -> bool:
    seen, stack, steps = {"s"}, ["s"], leaving(hops)
    while stack:
        for h in steps.get(Operation(stack.pop(), "*"), ()):
            if h.target.service not in seen:
                seen.add(h.target.service)
                stack.append(h.target.service)
    return "t" in seen


EDGES = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans()).filter(
        lambda e: e[0] != e[1] and e[:2] != ("s", "t")
    ),
    max_size=8,
    unique_by=lambda e: e[:2],
)


def weight(cut: Iterable[Hop], opens: int) -> int:
    return sum(1 if h.open else opens + 1 for h in cut)


@given(EDGES)
def test_a_cut_closes_every_way_and_no_other_weighs_less(edges: list[Edge]) -> None:
    hops = [hop(i, e) for i, e in enumerate(edges)]
    starts = [h for h in hops if h.call.caller.service == "s"]
    cut = smallest_cut(starts, leaving(hops), Operation("t", "*"))
    assert not reaches([h for h in hops if h not in cut])
    opens = sum(h.open for h in hops)
    if reaches(hops):
        every = (c for n in range(len(hops) + 1) for c in combinations(hops, n))
        least = min(weight(c, opens) for c in every if not reaches([h for h in hops if h not in c]))
        assert weight(cut, opens) == least
    else:
        assert cut == ()


def walks(hops: list[Hop], limit: int) -> Iterable[tuple[Hop, ...]]:
    """Every walk from s of at least two hops."""
    current: list[tuple[Hop, ...]] = [(h,) for h in hops if h.call.caller.service == "s"]
    for _ in range(limit):
        current = [(*w, h) for w in current for h in hops if h.call.caller == w[-1].target]
        yield from current


@given(EDGES)
def test_a_chain_is_the_shortest_with_an_open_hop_or_the_shortest_at_all(edges: list[Edge]) -> None:
    hops = [hop(i, e) for i, e in enumerate(edges)]
    starts = [h for h in hops if h.call.caller.service == "s"]
    found = {c.target: c for c in chains(starts, leaving(hops))}
    best: dict[tuple[Operation, bool], int] = {}
    for walk in walks(hops, 6):
        key = (walk[-1].target, any(h.open for h in walk[:-1]))
        best[key] = min(best.get(key, 99), len(walk))
    for target in {t for t, _ in best}:
        passed = any(h.open for h in found[target].hops[:-1])
        assert passed == ((target, True) in best)
        assert len(found[target].hops) == best[target, passed]
    assert set(found) == {t for t, _ in best}
