"""Who Linkerd lets in: defaults, Servers, routes, and the rule that policies only ever allow."""

from __future__ import annotations

import pytest

from analyzer.model import Decision, Request
from analyzer.options import Options
from analyzer.semantics import Sender
from analyzer.semantics.linkerd import LINKERD
from tests.analyzer.semantics.istio.calls import mesh_of
from tests.analyzer.semantics.linkerd.shop import app, ask, decision, namespace, resource, shop

ALLOWED, DENIED, UNKNOWN = Decision.ALLOWED, Decision.DENIED, Decision.UNKNOWN
SERVER = resource("Server", "{podSelector: {matchLabels: {app: c}}, port: http}", "c-http", "policy.linkerd.io/v1beta3")
A = "a.shop.serviceaccount.identity.linkerd.cluster.local"


def tls(identities: str, name: str = "who") -> str:
    return resource("MeshTLSAuthentication", f"{{identities: [{identities}]}}", name)


def policy(
    required: str, target: str = "{group: policy.linkerd.io, kind: Server, name: c-http}", name: str = "p"
) -> str:
    return resource("AuthorizationPolicy", f"{{targetRef: {target}, requiredAuthenticationRefs: [{required}]}}", name)


WHO = "{group: policy.linkerd.io, kind: MeshTLSAuthentication, name: who}"


@pytest.mark.parametrize(
    ("default", "known", "nobody"),
    [
        ("all-unauthenticated", ALLOWED, ALLOWED),
        ("all-authenticated", ALLOWED, DENIED),
        ("cluster-authenticated", ALLOWED, DENIED),
        ("cluster-unauthenticated", ALLOWED, UNKNOWN),
        ("deny", DENIED, DENIED),
        ("audit", ALLOWED, ALLOWED),
    ],
)
def test_without_a_server_the_default_decides(default: str, known: Decision, nobody: Decision) -> None:
    mesh = shop(pod=f"config.linkerd.io/default-inbound-policy: {default}")
    assert (decision(mesh), decision(mesh, None)) == (known, nobody)


def test_linkerds_own_default_lets_everybody_in_and_says_so() -> None:
    found = ask(shop(), None)
    assert found.decision is ALLOWED
    assert "all-unauthenticated" in found.because[0].text


def test_the_installations_default_counts_where_nothing_is_annotated() -> None:
    release = """
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: linkerd-control-plane, namespace: linkerd}
spec:
  chart: {spec: {chart: linkerd-control-plane}}
  values: {identityTrustDomain: example.org, proxy: {defaultInboundPolicy: all-authenticated}}
"""
    assert (decision(shop(release)), decision(shop(release), None)) == (ALLOWED, DENIED)
    annotated = shop(release, pod="config.linkerd.io/default-inbound-policy: all-unauthenticated")
    assert decision(annotated, None) is ALLOWED
    account = policy("{kind: ServiceAccount, name: a}")
    assert decision(shop(release, SERVER, account)) is ALLOWED


def test_an_address_of_the_cluster_is_known_by_its_network() -> None:
    mesh = shop(pod="config.linkerd.io/default-inbound-policy: cluster-unauthenticated")
    assert decision(mesh, None, source_ip="10.3.2.1") is ALLOWED
    assert decision(mesh, None, source_ip="8.8.8.8") is DENIED


def test_a_server_without_any_allowance_denies() -> None:
    assert decision(shop(SERVER)) is DENIED


def test_a_server_guards_its_own_port_only() -> None:
    other = SERVER.replace("port: http", "port: 9999")
    assert decision(shop(other)) is ALLOWED


@pytest.mark.parametrize(
    ("identities", "found"),
    [(f"'{A}'", ALLOWED), ("'*'", ALLOWED), ("'*.shop.serviceaccount.identity.linkerd.cluster.local'", ALLOWED),
     ("'b.shop.serviceaccount.identity.linkerd.cluster.local'", DENIED), ("'a.*'", DENIED)],
)  # fmt: skip
def test_identities_are_exact_a_suffix_or_all(identities: str, found: Decision) -> None:
    mesh = shop(SERVER, tls(identities), policy(WHO))
    assert (decision(mesh), decision(mesh, None)) == (found, DENIED)


def test_a_policy_that_requires_nothing_lets_everybody_in() -> None:
    assert decision(shop(SERVER, policy("")), None) is ALLOWED


def test_two_references_of_one_sort_void_a_policy() -> None:
    account = "{kind: ServiceAccount, name: a}"
    mesh = shop(SERVER, tls("'*'"), policy(f"{WHO}, {account}"))
    assert decision(mesh) is DENIED


def test_an_identity_and_a_network_are_both_required() -> None:
    network = resource("NetworkAuthentication", "{networks: [{cidr: 10.0.0.0/8}]}", "net")
    required = WHO + ", {group: policy.linkerd.io, kind: NetworkAuthentication, name: net}"
    mesh = shop(SERVER, tls("'*'"), network, policy(required))
    assert decision(mesh) is UNKNOWN
    assert decision(mesh, source_ip="10.1.1.1") is ALLOWED
    assert decision(mesh, None, source_ip="10.1.1.1") is DENIED


def test_a_reference_to_nothing_allows_nobody() -> None:
    assert decision(shop(SERVER, policy(WHO))) is DENIED


def test_a_policy_for_the_namespace_opens_servers_and_nothing_else() -> None:
    whole = policy("{kind: ServiceAccount, name: a}", "{kind: Namespace, name: shop}")
    assert decision(shop(SERVER, whole)) is ALLOWED
    assert decision(shop(SERVER, whole), "b") is DENIED
    assert decision(shop(whole), "b") is ALLOWED


def test_an_older_authorization_names_accounts_or_everybody() -> None:
    accounts = "{server: {name: c-http}, client: {meshTLS: {serviceAccounts: [{name: a}]}}}"
    named = shop(SERVER, resource("ServerAuthorization", accounts, group="policy.linkerd.io/v1beta1"))
    assert (decision(named), decision(named, "b")) == (ALLOWED, DENIED)
    everybody = accounts.replace("meshTLS: {serviceAccounts: [{name: a}]}", "unauthenticated: true")
    assert decision(shop(SERVER, resource("ServerAuthorization", everybody)), None, source_ip="10.0.0.9") is ALLOWED


def test_access_policy_of_a_server_lets_in_besides() -> None:
    text = SERVER.replace("port: http", "port: http, accessPolicy: all-authenticated")
    assert (decision(shop(text)), decision(shop(text), None)) == (ALLOWED, DENIED)


ROUTE = resource(
    "HTTPRoute",
    "{parentRefs: [{group: policy.linkerd.io, kind: Server, name: c-http}],"
    " rules: [{matches: [{path: {type: Exact, value: /open}, method: GET}]}]}",
    "open",
    "policy.linkerd.io/v1beta3",
)
FOR_ROUTE = policy("", "{group: policy.linkerd.io, kind: HTTPRoute, name: open}", "route")


def test_a_route_is_allowed_by_its_own_policy() -> None:
    mesh = shop(SERVER, ROUTE, FOR_ROUTE)
    assert decision(mesh, None, method="GET", path="/open") is ALLOWED
    assert decision(mesh, None, method="GET", path="/closed") is DENIED
    assert decision(mesh, None) is UNKNOWN


def test_what_the_server_allows_opens_every_route() -> None:
    assert decision(shop(SERVER, ROUTE, policy("")), None, method="GET", path="/open") is ALLOWED


def test_ports_that_skip_the_proxy_are_open() -> None:
    mesh = shop(SERVER, pod="config.linkerd.io/skip-inbound-ports: '8080'")
    assert decision(mesh, None) is ALLOWED


def test_identity_can_be_demanded_of_a_port_alone() -> None:
    mesh = shop(pod="config.linkerd.io/proxy-require-identity-inbound-ports: '8080'")
    assert (decision(mesh), decision(mesh, None)) == (ALLOWED, DENIED)


def test_the_end_of_identities_is_the_repositorys_own() -> None:
    own = A.replace("linkerd.cluster.local", "mesh.example.org")
    assert decision(shop(SERVER, tls(f"'{own}'"), policy(WHO))) is ALLOWED


def test_an_identity_may_be_asked_for_by_linkerds_own_name() -> None:
    mesh = shop(SERVER, tls(f"'{A}'"), policy(WHO))
    found = LINKERD.verdict(Request(A, "shop/c", port=8080), mesh, Options())
    assert found is not None
    assert found.decision is ALLOWED


def test_without_a_proxy_linkerd_has_no_say() -> None:
    mesh = mesh_of(namespace(), app("c", pod="linkerd.io/inject: disabled"), SERVER)
    assert LINKERD.verdict(Request(None, "shop/c"), mesh, Options()) is None


def test_senders_that_no_policy_tells_apart_are_one_group() -> None:
    mesh = shop(SERVER, tls(f"'{A}'"), policy(WHO))
    names = ("a", "b", "d", None)
    senders = tuple(Sender(n and f"cluster.local/ns/shop/sa/{n}", None) for n in names)
    assert LINKERD.groups is not None
    assert sorted(LINKERD.groups(mesh.services["shop/c"], senders, mesh)) == [0b0001, 0b0110, 0b1000]
