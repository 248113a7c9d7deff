"""Compare our problems with what ``istioctl analyze`` is expected to say on Istio's own test data.

    python docs/scripts/istio_analyze.py EXPECTED.json CHECKOUT_OF_ISTIO

EXPECTED.json holds cases: input files, the analyzer that runs, the messages it must give. Prints a table a code:
expected, found, missed, false alarms. Nothing of Istio's is kept here.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from analyzer.linking.topology import topology
from analyzer.options import Options
from analyzer.semantics.istio.problems import Code, problems
from parsers.facts import Labels
from parsers.facts.kubernetes import Container, Workload
from parsers.reading import read
from parsers.source import MemoryTree

#: Which of our codes stand for what one of Istio's analyzers says.
ANALYZERS: dict[str, tuple[Code, ...]] = {
    "virtualservice.GatewayAnalyzer": (
        Code.UNKNOWN_GATEWAY,
        Code.HOST_NOT_IN_GATEWAY,
        Code.GENERATED_GATEWAY,
    ),
    "virtualservice.DestinationHostAnalyzer": (
        Code.UNKNOWN_HOST,
        Code.UNKNOWN_PORT,
        Code.PORT_NEEDED,
        Code.ROUTE_WITHOUT_SUBSET,
    ),
    "virtualservice.DestinationRuleAnalyzer": (Code.UNKNOWN_SUBSET,),
    "virtualservice.ConflictingMeshGatewayHostsAnalyzer": (Code.SAME_HOST,),
    "schema.ValidationAnalyzer.VirtualService": (Code.UNREACHABLE, Code.COVERED),
    "gateway.IngressGatewayPortAnalyzer": (Code.UNKNOWN_SELECTOR, Code.GATEWAY_PORT),
    "gateway.ConflictingGatewayAnalyzer": (Code.SAME_GATEWAY,),
    "sidecar.SelectorAnalyzer": (
        Code.UNKNOWN_SELECTOR,
        Code.SAME_SIDECAR,
        Code.SAME_SIDECAR_DEFAULT,
        Code.INEFFECTIVE_SIDECAR,
    ),
    "authz.AuthorizationPoliciesAnalyzer": (Code.NO_WORKLOAD, Code.UNKNOWN_NAMESPACE),
    "destinationrule.PodNotSelectedAnalyzer": (Code.EMPTY_SUBSET, Code.UNKNOWN_RULE_HOST),
    "destinationrule.CaCertificateAnalyzer": (Code.UNVERIFIED_TOP, Code.UNVERIFIED_PORT),
    "injection.Analyzer": (Code.NOT_INJECTED, Code.SEVERAL_LABELS, Code.BY_DEFAULT, Code.NO_PROXY),
    "service.PortNameAnalyzer": (Code.PORT_NAME, Code.EXTERNAL_NAME_PORT),
    "deployment.ServiceAssociationAnalyzer": (Code.MIXED_PROTOCOLS, Code.MIXED_PORTS),
    "serviceentry.ProtocolAddressesAnalyzer": (Code.NO_ADDRESS,),
    "serviceentry.ConflictingServiceEntryProtocolAnalyzer": (Code.ENTRY_PROTOCOLS,),
}


#: These look at Services alone; ours speak only where there is anything of Istio.
ANY_REPOSITORY = frozenset({"service.PortNameAnalyzer"})


def compare(case: dict[str, Any], checkout: Path) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """(code, object) as expected, and as found, both as multisets."""
    wanted = Counter((e["code"], _object(e)) for e in case["expected"])
    files = {Path(name).name: (checkout / name).read_text() for name in case["inputFiles"]}
    if case["meshConfigFile"]:
        files["mesh.yaml"] = _config_map((checkout / case["meshConfigFile"]).read_text())
    if case["analyzer"] in ANY_REPOSITORY:
        files["mesh.yaml"] = _config_map("rootNamespace: istio-system")
    facts = (_running(fact) for fact in read(MemoryTree(files)).facts)
    mesh = topology(facts, Options())[0]
    codes = ANALYZERS[case["analyzer"]]
    found = Counter((p.code.istio, p.subject) for p in problems(mesh) if p.code in codes)
    return wanted, found


def _config_map(mesh: str) -> str:
    """Istio's own ConfigMap: it makes the case a repository that holds something of Istio."""
    body = "".join(f"    {line}\n" for line in mesh.splitlines())
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
    return f"{head}data:\n  mesh: |\n{body}"


def _running(fact: object) -> object:
    """Pods of the test data hold no containers; to us a workload without one is a patch of another."""
    if isinstance(fact, Workload) and not any(c.image for c in fact.containers):
        container = Container("app", "app", (), (), (), (), (), Labels(), Labels(), init=False, span=fact.span)
        return replace(fact, containers=(container,))
    return fact


def _object(expected: dict[str, Any]) -> str:
    namespace = expected["namespace"] or "default"
    return (
        f"Namespace {expected['name']}"
        if expected["kind"] == "Namespace"
        else f"{expected['kind']} {namespace}/{expected['name']}"
    )


def main(expected: str, checkout: str) -> None:
    """Print the table, then each difference."""
    rows: dict[str, Counter[str]] = {}
    differences: list[str] = []
    for case in json.loads(Path(expected).read_text())["cases"]:
        if case["analyzer"] not in ANALYZERS:
            continue
        wanted, found = compare(case, Path(checkout))
        for key in wanted | found:
            row = rows.setdefault(key[0], Counter())
            row["expected"] += wanted[key]
            row["found"] += min(wanted[key], found[key])
            row["false alarms"] += max(0, found[key] - wanted[key])
            if wanted[key] != found[key]:
                differences.append(f"{case['name']}: {key[0]} {key[1]}: expected {wanted[key]}, found {found[key]}")
    print("| code | expected | found | false alarms |\n|---|---|---|---|")
    total: Counter[str] = Counter()
    for code, row in sorted(rows.items()):
        total.update(row)
        print(f"| {code} | {row['expected']} | {row['found']} | {row['false alarms']} |")
    print(f"| all | {total['expected']} | {total['found']} | {total['false alarms']} |")
    print("\n".join(["", *differences]))


if __name__ == "__main__":
    main(*sys.argv[1:])
