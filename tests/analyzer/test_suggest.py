"""Policies that let in exactly the calls of the graph."""

from __future__ import annotations

from pathlib import Path

from analyzer.options import Options
from analyzer.reachability import reach
from analyzer.suggest import suggest_authz
from parsers.disk import DiskTree
from parsers.source import SourceFile
from tests.analyzer.reachability.systems import allow, files, graph, told

SYSTEM = {
    "web": {"/start": ["middle/open"]},
    "middle": {"/open": ["ledger/secret"], "/items/<int:number>": []},
    "ledger": {"/secret": []},
}
INJECTED = "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod, labels: {istio-injection: enabled}}\n"
SAMPLE = Path(__file__).parents[2] / "sample_repos" / "payments"


def test_every_call_is_let_in_and_nothing_else() -> None:
    there = files(SYSTEM, strict=False) | {"deploy/ns.yaml": INJECTED}
    there["deploy/suggested.yaml"] = suggest_authz(graph(there)).text
    found = reach(graph(there), Options())
    assert told(found, "open", "broken", "bypass", "unused") == []


def test_a_rule_carries_the_calls_behind_it() -> None:
    text = suggest_authz(graph(files(SYSTEM))).text
    assert "# prod/middle GET /open (middle/app.py:6)\n    - from:" in text
    assert 'paths: ["/secret"]' in text


def test_a_hole_is_written_as_a_template_where_the_release_has_them() -> None:
    system = {"web": {"/start": ["middle/items/7"]}, "middle": {"/items/<int:number>": []}}
    there = files(system)
    assert 'paths: ["/items/{*}"]' in suggest_authz(graph(there, Options(istio_version=(1, 22)))).text
    assert 'paths: ["/items/*"]' in suggest_authz(graph(there, Options(istio_version=(1, 20)))).text


def test_what_cannot_be_known_is_listed() -> None:
    plain = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ledger, namespace: prod}
spec: {host: ledger, trafficPolicy: {tls: {mode: DISABLE}}}
"""
    unknown = suggest_authz(graph(files(SYSTEM, plain))).unknown
    assert any("without an identity" in line for line in unknown)


def test_applied_to_the_sample_it_leaves_no_broken_call_and_no_open_path() -> None:
    tree = DiskTree(SAMPLE)
    there = {p: f.text for p in tree.paths() if isinstance(f := tree.read(p), SourceFile)}
    kustomization = "deploy/istio/kustomization.yaml"
    there[kustomization] = there[kustomization].replace("resources:", "resources:\n  - suggested.yaml", 1)
    there["deploy/istio/suggested.yaml"] = suggest_authz(graph(there)).text
    assert [p for p in reach(graph(there), Options()).paths if not p.granted] == []


def test_the_sample_has_its_bypass_its_broken_calls_and_its_open_service_and_nothing_else() -> None:
    tree = DiskTree(SAMPLE)
    there = {p: f.text for p in tree.paths() if isinstance(f := tree.read(p), SourceFile)}
    payments = "payment-prod/payment-service"
    assert told(reach(graph(there), Options()), "open", "bypass", "broken", "unused") == [
        ("open", "none", "legacy-service/invoice-archive"),
        ("bypass", "support-prod/support-desk", f"{payments} GET /v1/payments/{{payment_id}}"),
        ("broken", "order-prod/order-service", f"{payments} GET /v1/payments/{{payment_id}}"),
        ("broken", "order-prod/order-service", f"{payments} POST /v1/payments/{{payment_id}}/refund"),
    ]


def test_an_existing_policy_is_no_obstacle() -> None:
    there = files(SYSTEM, allow("ledger"))
    there["deploy/suggested.yaml"] = suggest_authz(graph(there)).text
    assert told(reach(graph(there), Options()), "broken") == []
