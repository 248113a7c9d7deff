"""Istio's kinds: facts as written, and every field read, declared irrelevant or reported."""

from __future__ import annotations

from typing import TypeVar

import pytest

from parsers.diagnostics import Code
from parsers.facts import istio
from parsers.facts.istio import MeshVersion
from parsers.quantities import Count
from parsers.reading import Reading, read
from parsers.source import MemoryTree

F = TypeVar("F")


def reading(*docs: str, path: str = "mesh.yaml") -> Reading:
    return read(MemoryTree({path: "\n---\n".join(docs)}))


def only(found: Reading, kind: type[F]) -> F:
    (fact,) = [f for f in found.facts if isinstance(f, kind)]
    return fact


def codes(found: Reading) -> list[Code]:
    return [d.code for d in found.diagnostics]


def resource(kind: str, spec: str, group: str = "networking.istio.io/v1") -> str:
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: x, namespace: ns}}\nspec: {spec}\n"


KINDS = {
    "VirtualService": "networking.istio.io/v1alpha3",
    "DestinationRule": "networking.istio.io/v1beta1",
    "Gateway": "networking.istio.io/v1",
    "ServiceEntry": "networking.istio.io/v1",
    "WorkloadEntry": "networking.istio.io/v1",
    "Sidecar": "networking.istio.io/v1",
    "EnvoyFilter": "networking.istio.io/v1alpha3",
    "AuthorizationPolicy": "security.istio.io/v1",
    "PeerAuthentication": "security.istio.io/v1beta1",
    "RequestAuthentication": "security.istio.io/v1",
    "Telemetry": "telemetry.istio.io/v1alpha1",
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_without_any_key_is_still_a_fact(kind: str) -> None:
    found = reading(resource(kind, "{}", KINDS[kind]))
    assert [type(f).__name__ for f in found.facts] == [kind]
    assert codes(found) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_spec_of_the_wrong_type_is_reported_and_read_as_empty(kind: str) -> None:
    found = reading(resource(kind, "[1, 2]", KINDS[kind]))
    assert [type(f).__name__ for f in found.facts] == [kind]
    assert Code.WRONG_TYPE in codes(found)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_key_that_nobody_reads_is_reported(kind: str) -> None:
    found = reading(resource(kind, "{somethingNew: 1}", KINDS[kind]))
    assert codes(found) == [Code.UNKNOWN_FIELD]


def test_a_kind_of_istio_that_is_not_modelled_is_reported() -> None:
    assert codes(reading(resource("Novelty", "{}"))) == [Code.UNKNOWN_KIND]


# ---------------------------------------------------------------------------------------------------- retries


def retries(block: str) -> istio.RetryPolicy:
    found = only(
        reading(resource("VirtualService", f"{{hosts: [a], http: [{{retries: {block}}}]}}")), istio.VirtualService
    )
    policy = found.http[0].retries
    assert policy is not None
    return policy


def test_attempts_in_istio_are_retries() -> None:
    assert retries("{attempts: 3}").attempts == Count(4)


def test_absent_attempts_differ_from_a_default() -> None:
    assert retries("{}").attempts is None


def test_the_block_is_quoted_as_written() -> None:
    assert retries("{attempts: 3, perTryTimeout: 2s}").declared == "retries: {attempts: 3, perTryTimeout: 2s}"


def test_negative_attempts_are_no_attempts_and_refused() -> None:
    policy = retries("{attempts: -2}")
    assert (policy.attempts, policy.invalid) == (Count(1), "attempts cannot be negative")


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("{retryOn: 5xx}", "attempts is 0"),
        ("{attempts: 2, perTryTimeout: 2.0000000001s}", "whole number of milliseconds"),
        ("{attempts: 2, perTryTimeout: soon}", "not a duration"),
        ("{attempts: 2, retryOn: 'gateway-error,bogus'}", "'bogus' is no condition"),
        ("{attempts: 2, retryOn: '5xx, reset'}", "does not trim"),
    ],
)
def test_what_the_webhook_refuses_says_why(block: str, why: str) -> None:
    assert why in (retries(block).invalid or "")


def test_snake_case_is_not_read_as_if_it_counted() -> None:
    found = reading(
        resource("VirtualService", "{http: [{retries: {attempts: 2, per_try_timeout: 2s, retry_on: 5xx}}]}")
    )
    assert codes(found) == [Code.UNKNOWN_FIELD] * 2


def test_retries_of_a_destination_rule_are_read_at_every_place_where_people_write_them() -> None:
    spec = (
        "{host: a, trafficPolicy: {retries: {attempts: 3}, "
        "portLevelSettings: [{port: {number: 80}, retries: {attempts: 4}}]},"
        " subsets: [{name: v1, trafficPolicy: {retries: {attempts: 5}}}]}"
    )
    found = only(reading(resource("DestinationRule", spec)), istio.DestinationRule)
    assert found.policy is not None
    subset = found.subsets[0].policy
    assert subset is not None
    declared = (found.policy, found.policy.port_level[0].policy, subset)
    assert [p.declared_retries.attempts for p in declared if p.declared_retries] == [Count(4), Count(5), Count(6)]
    assert found.policy.otherwise_empty


# ------------------------------------------------------------------------------------------------- virtual services


def test_an_empty_match_asks_for_presence() -> None:
    spec = "{http: [{match: [{headers: {X-User: {}, x-any: {regex: '*'}}}]}]}"
    match = only(reading(resource("VirtualService", spec)), istio.VirtualService).http[0].matches[0]
    assert match.headers == (
        ("x-user", istio.StringMatch("present", "")),
        ("x-any", istio.StringMatch("present", "")),
    )


@pytest.mark.parametrize(
    ("spec", "share"),
    [
        ("{mirror: {host: m}}", 100.0),
        ("{mirror: {host: m}, mirrorPercentage: {value: 12.5}}", 12.5),
        ("{mirror: {host: m}, mirrorPercent: 7}", 7.0),
        ("{mirror: {host: m}, mirror_percent: 7}", 7.0),
        ("{mirrors: [{destination: {host: m}}]}", 100.0),
        ("{mirrors: [{destination: {host: m}, percentage: {value: 0}}]}", 0.0),
    ],
)
def test_a_mirror_takes_everything_unless_it_says_otherwise(spec: str, share: float) -> None:
    route = only(reading(resource("VirtualService", f"{{http: [{spec}]}}")), istio.VirtualService).http[0]
    assert [m.percent for m in route.mirrors] == [share]


def test_a_fault_without_percentage_has_none() -> None:
    spec = "{http: [{fault: {abort: {httpStatus: 503}, delay: {fixedDelay: 2s, percent: 40}}}]}"
    fault = only(reading(resource("VirtualService", spec)), istio.VirtualService).http[0].fault
    assert fault is not None
    assert (fault.abort_status, fault.abort_percent, fault.delay_s, fault.delay_percent) == ("503", 0.0, 2.0, 40.0)


def test_headers_that_a_route_sets_are_kept_with_names_in_lower_case() -> None:
    spec = "{http: [{headers: {request: {set: {X-A: b}, add: {X-C: d}, remove: [e]}, response: {set: {f: g}}}}]}"
    route = only(reading(resource("VirtualService", spec)), istio.VirtualService).http[0]
    assert dict(route.headers_set) == {"x-a": "b", "x-c": "d"}


# -------------------------------------------------------------------------------------------------------- security


def test_absent_rules_and_empty_rules_differ() -> None:
    absent = only(reading(resource("AuthorizationPolicy", "{}", "security.istio.io/v1")), istio.AuthorizationPolicy)
    empty = only(
        reading(resource("AuthorizationPolicy", "{rules: []}", "security.istio.io/v1")), istio.AuthorizationPolicy
    )
    anything = only(
        reading(resource("AuthorizationPolicy", "{rules: [{}]}", "security.istio.io/v1")), istio.AuthorizationPolicy
    )
    assert (absent.rules, empty.rules) == (None, ())
    assert anything.rules is not None
    assert len(anything.rules) == 1


def test_an_unknown_action_and_mode_are_reported() -> None:
    assert codes(reading(resource("AuthorizationPolicy", "{action: MAYBE}", "security.istio.io/v1"))) == [
        Code.INVALID_VALUE
    ]
    assert codes(reading(resource("PeerAuthentication", "{mtls: {mode: TIGHT}}", "security.istio.io/v1"))) == [
        Code.INVALID_VALUE
    ]


def test_ports_of_a_peer_authentication_are_numbers() -> None:
    found = reading(
        resource(
            "PeerAuthentication",
            "{portLevelMtls: {8080: {mode: DISABLE}, http: {mode: STRICT}}}",
            "security.istio.io/v1",
        )
    )
    assert only(found, istio.PeerAuthentication).port_modes == ((8080, "DISABLE"),)
    assert codes(found) == [Code.INVALID_VALUE]


# ---------------------------------------------------------------------------------------- mesh settings and versions


def test_the_mesh_config_of_a_config_map_has_spans_in_the_file() -> None:
    text = """apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    rootNamespace: root
    defaultHttpRetryPolicy:
      attempts: 5
  meshNetworks: |
    networks: {n: {endpoints: [{fromCidr: 10.0.0.0/8}]}}
"""
    found = only(reading(text), istio.MeshConfig)
    assert (found.root_namespace, found.internal_networks) == ("root", ("10.0.0.0/8",))
    assert found.default_retries is not None
    assert (found.default_retries.attempts, found.default_retries.span.line) == (Count(6), 8)


def test_another_config_map_is_none_of_istios() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {mesh: 'x: 1'}\n"
    assert not [f for f in reading(text).facts if isinstance(f, istio.MeshConfig)]


@pytest.mark.parametrize(
    ("path", "text", "version"),
    [
        ("op.yaml", resource("IstioOperator", "{tag: 1.23.2-distroless}", "install.istio.io/v1alpha1"), "1.23.2"),
        ("op.yaml", resource("IstioOperator", "{revision: 1-22-0}", "install.istio.io/v1alpha1"), "1.22.0"),
        (
            "op.yaml",
            resource("IstioOperator", "{values: {global: {tag: '1.24'}}}", "install.istio.io/v1alpha1"),
            "1.24",
        ),
        ("ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {istio.io/rev: 1-21}}\n", "1.21"),
        (
            "istio.yaml",
            "apiVersion: sailoperator.io/v1\nkind: Istio\nmetadata: {name: default}\nspec: {version: v1.24.1}\n",
            "1.24.1",
        ),
        ("helmfile.yaml", "releases: [{name: istiod, chart: istio/istiod, version: 1.22.3}]\n", "1.22.3"),
        (
            "pod.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {metadata: {annotations: "
            "{sidecar.istio.io/proxyImage: 'docker.io/istio/proxyv2:1.22.1'}}}}\n",
            "1.22.1",
        ),
        ("values.yaml", "meshConfig: {}\nglobal: {tag: 1.20.3}\n", "1.20.3"),
        (
            "Chart.yaml",
            "name: mesh\ndependencies: [{name: istiod, version: 1.23.4, repository: 'https://charts.example/istio'}]\n",
            "1.23.4",
        ),
        (
            "istiod.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod}\nspec: {template: {spec: {containers: "
            "[{name: discovery, image: 'docker.io/istio/pilot:1.19.1'}]}}}\n",
            "1.19.1",
        ),
        (
            "app.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: istiod}\nspec: {source: "
            "{chart: istiod, repoURL: 'https://charts.example/istio', targetRevision: 1.18.2}}\n",
            "1.18.2",
        ),
        (
            "release.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: istiod}\nspec: {chart: {spec: "
            "{chart: istiod, version: 1.17.0}}}\n",
            "1.17.0",
        ),
    ],
)
def test_a_version_is_read_wherever_it_is_stated(path: str, text: str, version: str) -> None:
    assert [f.version for f in reading(text, path=path).facts if isinstance(f, MeshVersion)] == [version]


@pytest.mark.parametrize("text", ["canary", "default", "latest", "stable-1", "2.1.0", "11.23"])
def test_what_is_no_version_of_istio_states_none(text: str) -> None:
    doc = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: a, labels: {{istio.io/rev: '{text}'}}}}\n"
    assert not [f for f in reading(doc).facts if isinstance(f, MeshVersion)]


def test_settings_elsewhere_in_helm_values_join_the_mesh_config() -> None:
    text = (
        "sidecarInjectorWebhook: {enableNamespacesByDefault: true}\ncompatibilityVersion: '1.23'\n"
        "pilot: {env: {ENABLE_INBOUND_RETRY_POLICY: 'false'}}\nglobal: {trustDomain: td}\n"
    )
    found = only(reading(text, path="istiod-values.yaml"), istio.MeshConfig)
    assert (found.inject_by_default, found.compatibility_version, found.trust_domain) == (True, "1.23", "td")
    assert found.pilot_env["ENABLE_INBOUND_RETRY_POLICY"] == "false"


def test_values_of_another_chart_are_none_of_istios() -> None:
    assert reading("image: {tag: 1.23.0}\nrevision: 1-23\n", path="values.yaml").facts == ()
