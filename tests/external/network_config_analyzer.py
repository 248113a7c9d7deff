"""Equivalence and containment of Istio policies as np-guard/network-config-analyzer expects them, and ours.

    python -m tests.external.network_config_analyzer PATH_OF_A_CHECKOUT

Its scheme files name sets of AuthorizationPolicies over a list of pods, and say whether they let the same through, or
all of the other. Every such question about two or more sets is asked here of the conditions, for each pod and each
sender among the pods, and for a peer without identity.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from analyzer.linking.mesh import Mesh
from analyzer.linking.topology import topology
from analyzer.options import Options
from analyzer.requestsets.conditions import Condition, Match, every, given
from analyzer.requestsets.patterns import exact
from analyzer.requestsets.questions import Universe
from analyzer.semantics.istio.authorization_places import sidecar_place
from parsers.facts.istio import AuthorizationPolicy
from parsers.reading import read
from parsers.source import MemoryTree
from tests.external.netpol_analyzer import running

Scheme = Mapping[str, Any]

#: The methods that tool knows; ``*T`` and the like are equal to lists of these.
METHODS = Match(
    "method",
    tuple(exact(m) for m in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")),
)

SCHEMES = (
    "testcase1/testcase1-istio-scheme.yaml",
    "testcase2/testcase2-istio-scheme.yaml",
    "testcase3/testcase3-istio-scheme.yaml",
    "bookinfo-demo/bookinfo-test-equiv-scheme.yaml",
    "bookinfo-demo/bookinfo-test-principals-scheme.yaml",
    "bookinfo-demo/bookinfo-test-request-attrs-scheme.yaml",
)


def main(checkout: Path) -> int:
    """Print each question with another answer, and the sum."""
    outcomes: Counter[str] = Counter()
    for name in SCHEMES:
        path = checkout / "tests" / "istio_testcases" / "example_policies" / name
        scheme = YAML(typ="safe").load(path.read_text())
        for query, expected, found in _answers(path.parent, scheme):
            outcomes["equal" if expected == found else "differs"] += 1
            if expected != found:
                print(f"{path.name}: {query}: expected {expected}, found {found}")
    print(dict(outcomes))
    return outcomes["differs"]


def _answers(folder: Path, scheme: Scheme) -> Iterator[tuple[str, bool, bool]]:
    configs = {c["name"]: c for c in scheme["networkConfigList"]}
    for query in scheme["queries"]:
        if "equivalence" in query:
            meshes = [_mesh(folder, scheme, configs, c) for c in query["equivalence"]]
            same = [_contains(meshes[0], m) and _contains(m, meshes[0]) for m in meshes[1:]]
            yield query["name"], query["expected"] == 0, all(same)
        elif "containment" in query:
            first, second = (_mesh(folder, scheme, configs, c) for c in query["containment"])
            yield query["name"], query["expected"] == 1, _contains(second, first)


def _mesh(folder: Path, scheme: Scheme, configs: Mapping[str, Scheme], reference: str) -> Mesh:
    """``config`` or ``config/namespace/policy``."""
    name, _, policy = reference.partition("/")
    config = configs[name]
    paths = [scheme.get("podList"), scheme.get("namespaceList"), *config.get("networkPolicyList", [])]
    files = {p: (folder / p).read_text() for p in paths if p}
    facts = [running(f) for f in read(MemoryTree(files)).facts]
    kept = [f for f in facts if not isinstance(f, AuthorizationPolicy) or not policy or _named(f) == policy]
    return topology(kept, Options())[0]


def _named(policy: AuthorizationPolicy) -> str:
    return f"{policy.meta.ns}/{policy.meta.name}"


def _contains(outer: Mesh, inner: Mesh) -> bool:
    """Whether the one lets through whatever the other does."""
    for pod in outer.pods.values():
        a = sidecar_place(pod, outer, tcp=False).condition
        b = sidecar_place(inner.pods[pod.id], inner, tcp=False).condition
        for sender in (None, *sorted({outer.principal(p) for p in outer.pods.values()})):
            known = {"principal": (sender,) if sender else ()}
            if _wider(given(b, known), given(a, known)):
                return False
    return True


def _wider(a: Condition, b: Condition) -> bool:
    asked = every((a, METHODS))
    return Universe([asked, b]).wider(asked, b) is not None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])) != 0)
