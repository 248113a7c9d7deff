"""Connections that np-guard/netpol-analyzer expects of its own test folders, and ours.

    python -m tests.external.netpol_analyzer PATH_OF_A_CHECKOUT

Every folder of ``tests`` that has a plain expected output (``test_outputs/connlist/*_connlist_output.txt``) is read
through the whole reading and linking; each pair of workloads, and each workload with addresses outside, is compared.
Addresses are compared at the edges of every range that a policy or the expected output names.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, ip_network
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from analyzer.linking.mesh import Mesh, Pod
from analyzer.linking.topology import topology
from analyzer.options import Options
from analyzer.semantics.network_policy.connectivity import connections
from parsers.disk import DiskTree
from parsers.facts import Labels
from parsers.facts.kubernetes import Container, NetworkPolicy, Workload
from parsers.reading import read

#: Kinds that change the answer and are not modelled here.
UNMODELLED = re.compile(
    r"^kind:\s*[\"']?(UserDefinedNetwork|ClusterUserDefinedNetwork|NetworkAttachmentDefinition|VirtualMachine)\b",
    re.MULTILINE,
)
LINE = re.compile(r"(?P<source>\S+) => (?P<target>\S+) : (?P<ports>.+)")
MOST_POINTS = 60


@dataclass(frozen=True)
class Expected:
    """One line: ends as printed, and what is let through."""

    source: str
    target: str
    ports: str


def main(checkout: Path) -> int:
    """Print a line a folder that differs, and the sum."""
    outcomes: Counter[str] = Counter()
    pairs = 0
    for folder in sorted((checkout / "tests").iterdir()):
        output = checkout / "test_outputs" / "connlist" / f"{folder.name}_connlist_output.txt"
        if not folder.is_dir() or not output.exists():
            continue
        if any(UNMODELLED.search(p.read_text(errors="replace")) for p in folder.rglob("*.y*ml")):
            outcomes["kinds not modelled"] += 1
            continue
        compared, differing = _compare(folder, list(_expected(output.read_text())))
        pairs += compared
        outcomes["equal" if not differing else "differs"] += 1
        if differing:
            print(f"{folder.name}: {len(differing)} of {compared}")
            for line in differing[:4]:
                print("   ", line)
    print(dict(outcomes), f"{pairs} pairs compared")
    return outcomes["differs"]


def _expected(text: str) -> Iterator[Expected]:
    for line in text.splitlines():
        found = LINE.fullmatch(line.strip())
        if found and "{" not in line:
            yield Expected(found["source"], found["target"], _normal(found["ports"]))


def _normal(ports: str) -> str:
    return ",".join(sorted(re.sub(r"\s+", " ", p).strip() for p in re.split(r",(?=[A-Z])", ports)))


def _compare(folder: Path, expected: list[Expected]) -> tuple[int, list[str]]:
    mesh = topology([running(f) for f in read(DiskTree(folder)).facts], Options())[0]
    owners = _owners(folder)
    named = {owners.get(p.id, f"{p.namespace}/{p.name}"): p for p in mesh.pods.values()}
    ranges: dict[str, list[Expected]] = {}
    told: dict[tuple[str, str], str] = {}
    for line in expected:
        if "[External]" in line.source + line.target:
            workload = _bare(line.target if "[External]" in line.source else line.source)
            ranges.setdefault(workload, []).append(line)
        else:
            told[_bare(line.source), _bare(line.target)] = line.ports
    differing: list[str] = []
    compared = 0
    for source, a in named.items():
        for target, b in named.items():
            if source != target:
                compared += 1
                differing += _difference(source, target, told.pop((source, target), ""), a, b, mesh)
    differing += [f"{a} => {b}: expected {p}, but there is no such workload" for (a, b), p in told.items()]
    for point in _points(mesh, [e for lines in ranges.values() for e in lines]):
        for name, pod in named.items():
            compared += 2
            lines = ranges.get(name, [])
            inward = _at(point, [e for e in lines if _bare(e.target) == name], "source")
            outward = _at(point, [e for e in lines if _bare(e.source) == name], "target")
            differing += _difference(f"{point}", name, inward, f"{point}/32", pod, mesh)
            differing += _difference(name, f"{point}", outward, pod, f"{point}/32", mesh)
    return compared, differing


def running(fact: object) -> object:
    """The workload as netpol-analyzer takes it.

    Dumps leave images out; without one a workload would be taken for a patch. A pod on the host's network, which
    policies do not reach, is an ordinary one there.
    """
    if not isinstance(fact, Workload):
        return fact
    bare = Container("c", "image", (), (), (), (), (), Labels(), Labels(), False, fact.span)
    containers = tuple(replace(c, image=c.image or "image") for c in fact.containers) or (bare,)
    return replace(fact, containers=containers, host_network=False)


def _owners(folder: Path) -> dict[str, str]:
    """Pods of a dump are named by what owns them."""
    found: dict[str, str] = {}
    for path in sorted([*folder.rglob("*.y*ml"), *folder.rglob("*.json")]):
        try:
            documents = list(YAML(typ="safe").load_all(path.read_text(errors="replace")))
        except (YAMLError, ValueError):
            continue
        for document in documents:
            items = document.get("items") or [document] if isinstance(document, dict) else []
            for item in items if isinstance(items, list) else []:
                metadata = item.get("metadata") or {} if isinstance(item, dict) else {}
                owners = metadata.get("ownerReferences")
                if owners and item.get("kind", "Pod") == "Pod":
                    namespace = metadata.get("namespace", "default")
                    found[f"{namespace}/{metadata.get('name')}"] = f"{namespace}/{owners[0]['name']}"
    return found


def _difference(source: str, target: str, expected: str, a: Pod | str, b: Pod | str, mesh: Mesh) -> Iterator[str]:
    ours = connections(a, b, mesh)
    found = _normal(str(ours)) if ours else ""
    if found != expected:
        yield f"{source} => {target}: expected {expected or 'nothing'}, found {found or 'nothing'}"


def _bare(name: str) -> str:
    return name.partition("[")[0]


def _points(mesh: Mesh, ranges: Iterable[Expected]) -> list[IPv4Address]:
    """The first and the last address of everything that is named, and what lies beside them."""
    edges = {0, 2**32 - 1}
    for end in {e for line in ranges for e in (line.source, line.target) if "[External]" in e}:
        for low, high in _ranges(end):
            edges |= {low, high}
    for policy in mesh.all(NetworkPolicy):
        for rule in (*(policy.ingress or ()), *(policy.egress or ())):
            for block in (p.ip_block for p in rule.peers if p.ip_block):
                for cidr in (block.cidr, *block.excepts):
                    if ":" not in cidr:
                        network = ip_network(cidr, strict=False)
                        edges |= {int(network[0]), int(network[-1])}
    beside = sorted({e + d for e in edges for d in (-1, 0, 1) if 0 <= e + d < 2**32})
    # Dumps of a cluster name thousands of ranges: an even choice of their edges is enough.
    return [IPv4Address(e) for e in beside[:: 1 + len(beside) // MOST_POINTS]]


@cache
def _ranges(end: str) -> tuple[tuple[int, int], ...]:
    return tuple(_parsed(end))


def _parsed(end: str) -> Iterator[tuple[int, int]]:
    for part in _bare(end).split(","):
        low, _, high = part.partition("-")
        network = ip_network(low, strict=False)
        yield int(network[0]), int(IPv4Address(high)) if high else int(network[-1])


def _at(point: IPv4Address, expected: list[Expected], side: str) -> str:
    return next((e.ports for e in expected for a, b in _ranges(getattr(e, side)) if a <= int(point) <= b), "")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])) != 0)
