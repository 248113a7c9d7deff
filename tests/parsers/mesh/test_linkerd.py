"""Linkerd's kinds: facts as written, and every field read, declared irrelevant or reported."""

from __future__ import annotations

import pytest

from parsers.facts.linkerd import (
    LinkerdAuthorizationPolicy,
    LinkerdInstallation,
    MeshTLSAuthentication,
    NetworkAuthentication,
    PolicyServer,
    ServerAuthorization,
    ServiceProfile,
)
from tests.parsers.builders import codes, every, only, read_files, read_yaml

KINDS = {
    "ServiceProfile": "linkerd.io/v1alpha2",
    "Server": "policy.linkerd.io/v1beta3",
    "ServerAuthorization": "policy.linkerd.io/v1beta1",
    "AuthorizationPolicy": "policy.linkerd.io/v1alpha1",
    "MeshTLSAuthentication": "policy.linkerd.io/v1alpha1",
    "NetworkAuthentication": "policy.linkerd.io/v1alpha1",
}


def document(kind: str, spec: str) -> str:
    return f"apiVersion: {KINDS[kind]}\nkind: {kind}\nmetadata: {{name: x, namespace: ns}}\nspec: {spec}\n"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_without_any_key_is_still_a_fact(kind: str) -> None:
    found = read_yaml(document(kind, "{}"))
    assert len(found.facts) == 1
    assert codes(found) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_spec_of_the_wrong_type_is_reported(kind: str) -> None:
    found = read_yaml(document(kind, "[1]"))
    assert len(found.facts) == 1
    assert set(codes(found)) == {"P101"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_key_that_nobody_reads_is_reported(kind: str) -> None:
    assert codes(read_yaml(document(kind, "{somethingNew: 1}"))) == ["P102"]


def test_a_profile_has_routes_a_budget_and_overrides() -> None:
    found = read_yaml(
        document(
            "ServiceProfile",
            """
  routes:
    - name: GET /a
      condition: {method: GET, pathRegex: '/a/[^/]*'}
      responseClasses: [{condition: {status: {min: 500, max: 503}}, isFailure: true}]
      isRetryable: true
      timeout: 300ms
    - condition: {any: [{method: PUT}, {not: {all: [{pathRegex: '/b'}]}}]}
  retryBudget: {retryRatio: 0.3, minRetriesPerSecond: 5, ttl: 20s}
  dstOverrides: [{authority: a.ns.svc.cluster.local, weight: 500m}, {authority: b, weight: '7'}]
""",
        )
    )
    fact = only(found, ServiceProfile)
    assert [(r.name, r.retryable, r.timeout_s) for r in fact.routes] == [("GET /a", True, 0.3), ("", False, None)]
    assert fact.routes[0].classes[0].match.status == (500, 503)
    assert fact.budget is not None
    assert (fact.budget.ratio, fact.budget.min_retries_per_s, fact.budget.ttl_s) == (0.3, 5, 20.0)
    assert [w for _, w, _ in fact.overrides] == [0, 7]
    assert codes(found) == ["P104"]


def test_conditions_nested_without_end_are_reported() -> None:
    deep = "{method: GET}"
    for _ in range(20):
        deep = "{not: " + deep + "}"
    assert "P104" in codes(read_yaml(document("ServiceProfile", "{routes: [{condition: " + deep + "}]}")))


def test_a_server_is_a_port_of_pods() -> None:
    fact = only(
        read_yaml(document("Server", "{podSelector: {matchLabels: {app: a}}, port: http, accessPolicy: audit}")),
        PolicyServer,
    )
    assert fact.pods is not None
    assert (fact.port, fact.access, fact.pods.matches({"app": "a"})) == ("http", "audit", True)


def test_a_server_of_machines_outside_selects_no_pod() -> None:
    fact = only(read_yaml(document("Server", "{externalWorkloadSelector: {matchLabels: {a: b}}}")), PolicyServer)
    assert fact.pods is None


def test_who_an_older_authorization_names() -> None:
    networks = "networks: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]"
    who = "meshTLS: {identities: ['*'], serviceAccounts: [{name: a}]}"
    spec = "{server: {name: s}, client: {" + f"{networks}, {who}" + "}}"
    fact = only(read_yaml(document("ServerAuthorization", spec)), ServerAuthorization)
    assert (fact.server, fact.identities, fact.accounts) == ("s", ("*",), ((None, "a"),))
    assert fact.networks is not None
    assert fact.networks[0].excepts == ("10.1.0.0/16",)


def test_references_keep_their_groups() -> None:
    required = "requiredAuthenticationRefs: [{kind: ServiceAccount, name: a, namespace: n}]"
    spec = "{targetRef: {group: policy.linkerd.io, kind: Server, name: s}, " + required + "}"
    fact = only(read_yaml(document("AuthorizationPolicy", spec)), LinkerdAuthorizationPolicy)
    assert (fact.target.group, fact.required[0].namespace) == ("policy.linkerd.io", "n")


def test_what_authenticates() -> None:
    tls = only(
        read_yaml(
            document("MeshTLSAuthentication", "{identities: ['*.ns'], identityRefs: [{kind: Namespace, name: n}]}")
        ),
        MeshTLSAuthentication,
    )
    networks = only(
        read_yaml(document("NetworkAuthentication", "{networks: [{cidr: 0.0.0.0/0}]}")), NetworkAuthentication
    )
    assert (tls.identities, tls.references[0].name) == (("*.ns",), "n")
    assert networks.networks[0].cidr == "0.0.0.0/0"


def test_a_kind_that_is_not_modelled_is_reported() -> None:
    head = "apiVersion: policy.linkerd.io/v1alpha1\nkind: EgressNetwork\nmetadata: {name: x}\n"
    text = head + "spec: {trafficPolicy: Deny}\n"
    assert codes(read_yaml(text)) == ["P105"]


def test_values_of_the_chart_tell_the_default_policy() -> None:
    values = "linkerd-control-plane:\n  identityTrustDomain: example.org\n  proxy: {defaultInboundPolicy: deny}\n"
    fact = only(read_files({"infra/linkerd/values.yaml": values}), LinkerdInstallation)
    assert (fact.default_inbound_policy, fact.trust_domain) == ("deny", "example.org")
    assert every(read_files({"infra/other/values.yaml": values}), LinkerdInstallation) == []


@pytest.mark.parametrize("values", ["proxy: [defaultInboundPolicy]", "[1]", "proxy: 3\nidentityTrustDomain: {a: b}"])
def test_values_of_another_shape_tell_nothing(values: str) -> None:
    assert every(read_files({"linkerd/values.yaml": values + "\n"}), LinkerdInstallation) == []
