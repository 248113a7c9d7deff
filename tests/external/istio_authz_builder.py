"""Istio's own golden RBAC against our decisions, on requests from every class that our conditions tell apart.

    python -m tests.external.istio_authz_builder PATH_OF_AN_ISTIO_CHECKOUT CASES_JSON

The cases name files of istio/istio (pilot/pkg/security/authz/builder/testdata), which are read from the checkout.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from analyzer.linking.topology import topology
from analyzer.options import Options
from analyzer.requestsets.classes import TooManyError
from analyzer.requestsets.conditions import Condition, attributes, given
from analyzer.requestsets.domains import address_bits
from analyzer.requestsets.patterns import SOME, Pattern
from analyzer.requestsets.questions import Universe
from analyzer.semantics.istio.authorization_rules import Listener, rule_condition
from analyzer.semantics.istio.authorization_rulings import Place, place
from analyzer.semantics.istio.authorization_scope import at_sidecar
from parsers.facts import Labels, Meta
from parsers.facts.kubernetes import Container, Workload
from parsers.mesh.istio import ISTIO
from parsers.source import SourceFile, Span
from parsers.yamltree import Node, documents
from tests.external.envoy_rbac import allowed

SAMPLES = 3000
Case = Mapping[str, Any]


def main(checkout: Path, cases: Path) -> int:
    """Print a line a case and the sum; the number of cases that differ."""
    wrong = compared = 0
    for case in json.loads(cases.read_text())["cases"]:
        if case["customProvider"]:
            continue
        for kind in ("want", "wantExtended"):
            filters = [f for name in case.get(kind) or [] for f in _filters(checkout / name)]
            if not case.get(kind):
                continue
            asked, differing = _differences(_place(checkout, case), filters)
            compared += asked
            wrong += bool(differing)
            print(f"{case['name']:45} {case['filter']:5} {kind:13} {asked:5} requests, {len(differing)} differ")
            for request in differing[:3]:
                print("   ", request)
    print(f"{compared} decisions compared, {wrong} cases differ")
    return wrong


def _place(checkout: Path, case: Case) -> Place:
    span = Span("pod.yaml", 1, 1, 1, 1)
    meta = Meta("httpbin", "foo", Labels(), Labels(), span)
    labels = Labels({"app": "httpbin", "version": "v1"})
    container = Container("httpbin", "httpbin", (), (), (), (), (), Labels(), Labels(), False, span)
    pod = Workload("Pod", meta, labels, Labels(), None, False, 1, None, (container,), None, span)
    docs = documents(SourceFile("in.yaml", (checkout / case["input"]).read_text()))
    facts = [f for d in docs if isinstance(d, Node) for f in ISTIO.parse(d)]
    mesh = topology([*facts, pod], Options())[0]
    domains = tuple(filter(None, [case["trustDomain"], *(case["trustDomainAliases"] or [])]))
    return place(
        at_sidecar(mesh.pods["foo/httpbin"], mesh),
        lambda policy, rule: rule_condition(
            rule, Listener(policy.meta.ns, policy.action == "ALLOW", case["filter"] == "TCP", domains)
        ),
    )


def _filters(path: Path) -> Iterator[Mapping[str, Any]]:
    for document in YAML(typ="safe", pure=True).load_all(path.read_text()):
        for item in document if isinstance(document, list) else [document]:
            rules = item["typedConfig"].get("rules")
            if rules is not None:
                yield rules


def _differences(where: Place, filters: list[Mapping[str, Any]]) -> tuple[int, list[dict[str, tuple[str, ...]]]]:
    asked, differing = 0, []
    for request in _requests(where):
        asked += 1
        ours = given(where.condition, {a: _bits(a, v) for a, v in request.items()})
        assert isinstance(ours, bool)
        if ours is not all(allowed(f, request) for f in filters):
            differing.append(request)
    return asked, differing


def _bits(attribute: str, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(address_bits(v) or "" for v in values) if attribute.endswith("_ip") else values


def _requests(where: Place) -> Iterator[dict[str, tuple[str, ...]]]:
    """For each rule a request that meets it, and it with one part changed; then any combination of parts."""
    conditions: list[Condition] = [where.condition, *(r.condition for r in (*where.deny, *where.allow))]
    # Istio's test files use names that no identity and no method has, so these may be anything here.
    universe, parts = _parts(conditions, {"principal": SOME, "method": SOME})
    if "principal" in parts:
        parts["principal"] = (None, *parts["principal"])
    chance = random.Random(0)
    whole = [_request({a: chance.choice(v) for a, v in parts.items()}) for _ in range(SAMPLES)]
    for condition in conditions:
        found = universe.example(condition)
        if found is None:
            continue
        base = {a: v[0] for a, v in parts.items()} | found
        yield _request(base)
        for attribute, values in parts.items():
            yield from (_request(base | {attribute: value}) for value in values)
    yield from whole


def _parts(conditions: list[Condition], wide: dict[str, Pattern]) -> tuple[Universe, dict[str, tuple[str | None, ...]]]:
    """The values of each attribute; of its ordinary domain only where anything at all would be too many."""
    universe = Universe(conditions, wide)
    try:
        return universe, {a: universe.values(a) for c in conditions for a in attributes(c)}
    except TooManyError:
        return _parts(conditions, {"method": wide["method"]})


def _request(values: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    return {a: () if v is None else (v,) for a, v in values.items()}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
