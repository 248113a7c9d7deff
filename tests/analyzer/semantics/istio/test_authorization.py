"""What Istio lets through, by the rule that decides."""

from __future__ import annotations

from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Request, Verdict
from analyzer.options import Options
from analyzer.semantics.istio.authorization import verdict
from tests.analyzer.semantics.istio.meshes import (
    Document,
    document,
    mesh,
    mesh_config,
    namespace,
    policy,
    service,
    workload,
)

A = "cluster.local/ns/a/sa/x"
FROM_A = {"from": [{"source": {"namespaces": ["a"]}}]}
GET_ONLY = {"to": [{"operation": {"methods": ["GET"]}}]}
STRICT = document("PeerAuthentication", {"mtls": {"mode": "STRICT"}}, namespace="istio-system")


def decide(there: Mesh, request: Request) -> Verdict:
    found = verdict(request, there, Options())
    assert found is not None
    return found


def asked(principal: str | None = A, **parts: object) -> Request:
    return Request(principal, "default/app", **{"method": "GET", "path": "/", **parts})  # type: ignore[arg-type]


def answer(docs: list[Document], request: Request, *facts: object) -> Decision:
    return decide(mesh(docs, *facts), request).decision


def test_the_deciding_rule_is_told_with_its_line() -> None:
    found = decide(mesh([policy({"rules": [GET_ONLY, FROM_A]})]), asked(method="PUT"))
    assert [e.text for e in found.because] == ["AuthorizationPolicy default/p (ALLOW), rule 2"]
    assert found.because[0].span is not None


def test_without_any_policy_the_answer_says_so() -> None:
    found = decide(mesh([], workload(), service(), mesh_config(["cluster.local"])), asked())
    assert found.decision is Decision.ALLOWED
    assert found.because[0].text == "no ALLOW policy selects the workload"


def test_a_denial_for_want_of_a_rule_is_no_refusal_and_a_deny_rule_is() -> None:
    assert not decide(mesh([policy({"rules": [FROM_A]})]), asked(None)).refused
    assert decide(mesh([policy({"action": "DENY", "rules": [{}]})]), asked()).refused


def test_an_unknown_method_counts_only_where_it_can_change_the_answer() -> None:
    rest = {"to": [{"operation": {"notMethods": ["GET"]}}]}
    assert answer([policy({"rules": [GET_ONLY, rest]})], asked(method=None)) is Decision.ALLOWED
    found = decide(mesh([policy({"rules": [GET_ONLY]})]), asked(method=None))
    assert (found.decision, found.needs) == (Decision.UNKNOWN, ("method",))


def test_a_deny_that_matches_anyhow_decides_whatever_is_unknown() -> None:
    docs = [policy({"rules": [GET_ONLY]}, name="a"), policy({"action": "DENY", "rules": [FROM_A]}, name="d")]
    assert answer(docs, asked(method=None)) is Decision.DENIED


def test_a_custom_authorizer_leaves_it_open_only_where_the_rest_would_allow() -> None:
    custom = policy({"action": "CUSTOM", "provider": {"name": "opa"}, "rules": [{}]}, name="c")
    found = decide(mesh([custom]), asked())
    assert (found.decision, found.needs) == (Decision.UNKNOWN, ("the answer of the authorizer opa",))
    assert answer([custom, policy({}, name="nothing")], asked()) is Decision.DENIED


def test_a_policy_of_the_root_namespace_applies_everywhere() -> None:
    assert answer([policy({}, namespace="istio-system")], asked()) is Decision.DENIED


def test_a_root_policy_with_a_selector_takes_pods_of_every_namespace() -> None:
    def root(app: str) -> Document:
        spec = {"selector": {"matchLabels": {"app": app}}, "action": "DENY", "rules": [{}]}
        return policy(spec, namespace="istio-system")

    assert answer([root("app")], asked()) is Decision.DENIED
    assert answer([root("other")], asked()) is Decision.ALLOWED


def test_labels_of_the_pod_template_are_what_a_selector_sees() -> None:
    spec = {"selector": {"matchLabels": {"tier": "x"}}, "action": "DENY", "rules": [{}]}
    assert answer([policy(spec)], asked(), workload(labels={"app": "app", "tier": "x"}), service()) is Decision.DENIED


def test_two_workloads_behind_one_service_that_disagree_leave_it_open() -> None:
    spec = {"selector": {"matchLabels": {"v": "2"}}, "action": "DENY", "rules": [{}]}
    both = (workload("one", labels={"app": "app", "v": "1"}), workload("two", labels={"app": "app", "v": "2"}))
    found = decide(mesh([policy(spec)], *both, service()), asked())
    assert found.decision is Decision.UNKNOWN
    assert found.needs == ("which workload answers (default/one: ALLOWED, default/two: DENIED)",)


def test_an_allow_rule_with_http_fields_vanishes_on_a_tcp_port() -> None:
    there = (workload(), service(port_name="tcp-db"))
    assert answer([policy({"rules": [GET_ONLY]})], asked(), *there) is Decision.DENIED


def test_a_deny_rule_with_http_fields_alone_denies_a_whole_tcp_port() -> None:
    there = (workload(), service(port_name="tcp-db"))
    deny = policy({"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/admin"]}}]}]})
    assert answer([deny], asked(), *there) is Decision.DENIED


def test_strict_refuses_a_peer_without_identity_before_any_policy() -> None:
    found = decide(mesh([STRICT, policy({"rules": [{}]})]), asked(None))
    assert found.decision is Decision.DENIED
    assert found.because[0].text == "PeerAuthentication istio-system/d: STRICT"


def test_a_port_that_takes_plaintext_only_knows_no_identity() -> None:
    disable = document("PeerAuthentication", {"mtls": {"mode": "DISABLE"}})
    assert answer([disable, policy({"rules": [FROM_A]})], asked()) is Decision.DENIED


def test_a_token_is_looked_at_only_where_a_request_authentication_selects_the_workload() -> None:
    needs_token = policy({"rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]})
    assert answer([needs_token], asked()) is Decision.DENIED
    checks = document("RequestAuthentication", {"jwtRules": [{"issuer": "i"}]})
    found = decide(mesh([needs_token, checks]), asked())
    assert (found.decision, found.needs) == (Decision.UNKNOWN, ("claim[iss]", "claim[sub]"))


def test_a_path_of_an_operation_stands_for_every_value_of_its_holes() -> None:
    def allowing(path: str) -> list[Document]:
        return [policy({"rules": [{"to": [{"operation": {"paths": [path]}}]}]})]

    request = asked(path="/v1/{id}/refund", open_path=True)
    assert answer(allowing("/v1/{*}/refund"), request) is Decision.ALLOWED
    assert answer(allowing("/v1/*/refund"), request) is Decision.DENIED
    found = decide(mesh(allowing("/v1/42/refund")), request)
    assert (found.decision, found.needs) == (Decision.UNKNOWN, ("path",))


def test_ports_that_go_round_the_sidecar_meet_no_policy() -> None:
    annotations = {"traffic.sidecar.istio.io/excludeInboundPorts": "8080"}
    there = mesh([policy({})], workload(annotations=annotations), service())
    assert verdict(asked(), there, Options()) is None


def test_a_pod_on_the_hosts_network_has_no_proxy_to_enforce_anything() -> None:
    assert verdict(asked(), mesh([policy({})], workload(host_network=True), service()), Options()) is None


def test_what_lies_outside_is_not_istios_to_decide() -> None:
    assert verdict(Request(A, "external:api.example"), mesh([]), Options()) is None


AMBIENT = namespace("default", {"istio.io/dataplane-mode": "ambient"})


def ambient(*docs: Document, labels: dict[str, str] | None = None) -> Mesh:
    return mesh(list(docs), AMBIENT, workload(), service(labels=labels))


def test_ztunnel_turns_an_http_allow_into_deny_all() -> None:
    assert decide(ambient(policy({"rules": [GET_ONLY]})), asked()).decision is Decision.DENIED


def test_ztunnel_passes_over_a_deny_that_asks_for_http_alone() -> None:
    assert decide(ambient(policy({"action": "DENY", "rules": [GET_ONLY]})), asked()).decision is Decision.ALLOWED


def test_ztunnel_widens_a_deny_by_the_http_it_cannot_see() -> None:
    both = policy(
        {"action": "DENY", "rules": [{**FROM_A, "to": [{"operation": {"methods": ["PUT"], "ports": ["8080"]}}]}]}
    )
    assert decide(ambient(both), asked()).decision is Decision.DENIED


def test_ztunnel_never_matches_a_source_of_trust_domains_only() -> None:
    only = policy({"rules": [{"from": [{"source": {"trustDomains": ["cluster.local"]}}]}]})
    assert decide(ambient(only), asked()).decision is Decision.DENIED


def test_ztunnel_takes_a_rule_without_parts_for_everything() -> None:
    assert decide(ambient(policy({"action": "DENY", "rules": [{}]})), asked()).decision is Decision.DENIED


WAYPOINT = {"istio.io/use-waypoint": "waypoint"}


def test_a_waypoint_enforces_what_refers_to_its_service() -> None:
    refers = policy({"targetRefs": [{"kind": "Service", "name": "app"}], "rules": [GET_ONLY]})
    there = ambient(refers, labels=WAYPOINT)
    assert [decide(there, asked(method=m)).decision for m in ("GET", "PUT")] == [Decision.ALLOWED, Decision.DENIED]


def test_behind_a_waypoint_ztunnel_sees_the_waypoints_identity() -> None:
    from_waypoint = {"from": [{"source": {"principals": ["cluster.local/ns/default/sa/waypoint"]}}]}
    assert decide(ambient(policy({"rules": [from_waypoint]}), labels=WAYPOINT), asked()).decision is Decision.ALLOWED
    assert decide(ambient(policy({"rules": [FROM_A]}), labels=WAYPOINT), asked()).decision is Decision.DENIED


def test_an_audit_policy_changes_nothing() -> None:
    there = mesh([policy({"action": "AUDIT", "rules": [{}]})])
    assert decide(there, asked()).decision is Decision.ALLOWED


def test_a_dry_run_is_read_as_go_reads_a_bool() -> None:
    for written, expected in {"TRUE": Decision.ALLOWED, "1": Decision.ALLOWED, "yes": Decision.DENIED}.items():
        dry = policy({"action": "DENY", "rules": [{}]}, annotations={"istio.io/dry-run": written})
        assert answer([dry], asked()) is expected


def test_an_envoy_filter_on_the_way_is_said() -> None:
    patch = document("EnvoyFilter", {"configPatches": [{"applyTo": "HTTP_FILTER"}]}, name="lua")
    route = document("EnvoyFilter", {"configPatches": [{"applyTo": "HTTP_ROUTE"}]}, name="route")
    found = decide(mesh([patch, route]), asked())
    assert [e.text for e in found.because[1:]] == [
        "EnvoyFilter default/lua may change this; what it does is not modelled"
    ]


def test_a_waypoint_may_be_opted_out_of() -> None:
    refers = policy({"targetRefs": [{"kind": "Service", "name": "app"}]})
    assert decide(ambient(refers, labels=WAYPOINT), asked()).decision is Decision.DENIED
    assert decide(ambient(refers, labels={"istio.io/use-waypoint": "none"}), asked()).decision is Decision.ALLOWED


def test_what_lets_a_peer_without_identity_in_is_said() -> None:
    permissive = document("PeerAuthentication", {"mtls": {"mode": "PERMISSIVE"}}, name="legacy")
    found = decide(mesh([permissive]), asked(None))
    assert [e.text for e in found.because] == [
        "no ALLOW policy selects the workload",
        "PeerAuthentication default/legacy: PERMISSIVE",
    ]
    assert found.because[1].span is not None
