"""Consul's entries as resources, and what Helm values say; every field read, declared irrelevant or reported."""

from __future__ import annotations

import pytest

from parsers.facts.consul import (
    ConsulInstallation,
    ConsulMesh,
    ServiceDefaults,
    ServiceIntentions,
    ServiceResolver,
    ServiceRouter,
    ServiceSplitter,
)
from tests.parsers.builders import codes, every, only, read_files, read_yaml

KINDS = (
    "ServiceRouter", "ServiceResolver", "ServiceSplitter", "ServiceDefaults", "ProxyDefaults", "Mesh",
    "ServiceIntentions",
)  # fmt: skip


def document(kind: str, spec: str) -> str:
    return (
        f"apiVersion: consul.hashicorp.com/v1alpha1\nkind: {kind}\nmetadata: {{name: x, namespace: ns}}\nspec: {spec}\n"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_without_any_key_is_still_a_fact(kind: str) -> None:
    found = read_yaml(document(kind, "{}"))
    assert len(found.facts) == 1
    assert codes(found) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_spec_of_the_wrong_type_is_reported(kind: str) -> None:
    found = read_yaml(document(kind, "[1]"))
    assert len(found.facts) == 1
    assert set(codes(found)) == {"P101"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_nobody_reads_is_reported(kind: str) -> None:
    assert codes(read_yaml(document(kind, "{somethingNew: 1}"))) == ["P102"]


def test_a_route_has_a_match_and_retries_as_written() -> None:
    spec = """
  routes:
    - match: {http: {pathPrefix: /a, methods: [get], header: [{name: X, exact: hello}, {name: Z, present: false}]}}
      destination: {service: other, numRetries: 5, retryOn: [5xx], retryOnStatusCodes: [429], requestTimeout: 1m30s}
    - destination: {retryOnConnectFailure: true}
"""
    found = read_yaml(document("ServiceRouter", spec))
    first, second = only(found, ServiceRouter).routes
    assert (first.match.path_kind, first.match.path, first.match.methods) == ("prefix", "/a", ("GET",))
    assert [(h.kind, h.invert) for h in first.match.headers] == [("exact", False), ("present", True)]
    assert (first.service, first.num_retries, first.retry_on_statuses, first.request_timeout_s) == (
        "other",
        5,
        (429,),
        90.0,
    )
    assert first.declared == "numRetries: 5, retryOn: [5xx], retryOnStatusCodes: [429], requestTimeout: 1m30s"
    assert (second.num_retries, second.retry_on_connect_failure) == (None, True)
    assert codes(found) == []


def test_a_resolver_names_who_is_called_instead() -> None:
    spec = "{redirect: {service: b}, failover: {'*': {targets: [{service: d}]}, v1: {service: e}}, requestTimeout: 2s}"
    fact = only(read_yaml(document("ServiceResolver", spec)), ServiceResolver)
    assert (fact.redirect, fact.failover, fact.request_timeout_s) == ("b", ("d", "e"), 2.0)


def test_a_splitter_shares_by_weight() -> None:
    fact = only(
        read_yaml(document("ServiceSplitter", "{splits: [{weight: 90}, {weight: 9.5, service: b}]}")), ServiceSplitter
    )
    assert fact.splits == ((None, 90.0), ("b", 9.5))


def test_defaults_tell_the_protocol_and_what_is_exposed() -> None:
    own = only(
        read_yaml(document("ServiceDefaults", "{protocol: http, expose: {paths: [{path: /health}]}}")), ServiceDefaults
    )
    every_one = only(read_yaml(document("ProxyDefaults", "{config: {protocol: grpc, any: 1}}")), ServiceDefaults)
    assert (own.protocol, own.exposed, own.everything) == ("http", ("/health",), False)
    assert (every_one.protocol, every_one.everything) == ("grpc", True)


def test_the_mesh_may_allow_permissive_tls() -> None:
    fact = only(
        read_yaml(document("Mesh", "{allowEnablingPermissiveMutualTLS: true, tls: {incoming: {}}}")), ConsulMesh
    )
    assert fact.permissive_allowed


def test_intentions_name_their_destination_in_the_spec() -> None:
    spec = """
  destination: {name: c}
  sources:
    - {name: a, action: allow}
    - name: '*'
      permissions:
        - {action: deny, http: {pathExact: /x}}
        - {action: allow, http: {pathRegex: '/y.*'}, jwt: {providers: []}}
"""
    found = read_yaml(document("ServiceIntentions", spec))
    fact = only(found, ServiceIntentions)
    assert (fact.destination, [s.action for s in fact.sources]) == ("c", ["allow", None])
    assert [(p.action, p.match.path_kind, p.jwt) for p in fact.sources[1].permissions] == [
        ("deny", "exact", False),
        ("allow", "regex", True),
    ]
    assert codes(found) == []


def test_values_of_the_chart_tell_of_acls_and_injection() -> None:
    values = "global: {name: consul, acls: {manageSystemACLs: true}}\nconnectInject: {enabled: true, default: false}\n"
    fact = only(read_files({"consul/values.yaml": values}), ConsulInstallation)
    assert (fact.acls, fact.inject) == (True, False)


def test_values_elsewhere_tell_nothing() -> None:
    values = "global: {acls: {manageSystemACLs: true}}\n"
    assert every(read_files({"shop/values.yaml": values}), ConsulInstallation) == []


def test_a_release_of_the_chart_tells_it_too() -> None:
    text = """
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: consul}
spec: {chart: {spec: {chart: consul}}, values: {connectInject: {default: true}}}
"""
    found = read_yaml(text)
    assert (only(found, ConsulInstallation).acls, only(found, ConsulInstallation).inject) == (None, True)
    assert codes(found) == []


def test_a_kind_that_is_not_modelled_is_reported() -> None:
    assert codes(read_yaml(document("SamenessGroup", "{}"))) == ["P105"]
