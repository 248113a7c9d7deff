"""Who is in the mesh: labels, annotations, system namespaces, ambient, and what is assumed where nothing is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.semantics.istio.injection import member
from tests.analyzer.semantics.istio.calls import TO_C, app, mesh_of, namespace, virtual_service

VS = virtual_service("{" + TO_C + "}")
OUT, IN = 'sidecar.istio.io/inject: "false"', 'sidecar.istio.io/inject: "true"'
REV = "istio.io/rev: canary"
STATED = namespace("elsewhere")


def kind(*docs: str, pod: str = "shop/a") -> str | None:
    mesh = mesh_of(*docs)
    found = member(mesh.pods[pod], mesh)
    return found.kind if found else None


@pytest.mark.parametrize(
    ("labels", "pod", "injected"),
    [
        ("istio-injection: enabled", "", True),
        ("istio-injection: enabled", OUT, False),
        ("istio-injection: enabled", IN, True),
        ("istio-injection: disabled", "", False),
        ("istio-injection: disabled", IN, False),
        ("istio-injection: disabled", REV, False),
        (f"istio-injection: disabled, {REV}", "", False),
        (REV, "", True),
        (REV, OUT, False),
        ("", IN, True),
        ("", REV, True),
        ("", f"{REV}, {OUT}", False),
        ("", "", False),
    ],
)
def test_labels_of_namespace_and_pod_decide_as_the_webhook_does(labels: str, pod: str, injected: bool) -> None:
    assert kind(namespace(labels=labels), app("a", labels=pod), VS, STATED) == ("istio-sidecar" if injected else None)


def test_the_annotation_alone_does_nothing_in_an_unlabelled_namespace() -> None:
    assert kind(namespace(labels=""), app("a", annotations=IN), VS, STATED) is None


def test_the_annotation_stops_injection_where_no_label_says_otherwise() -> None:
    assert kind(namespace(), app("a", annotations=OUT)) is None
    assert kind(namespace(), app("a", annotations=OUT, labels=IN)) == "istio-sidecar"


def test_host_network_and_system_namespaces_are_never_injected() -> None:
    host = app("a").replace("      containers:", "      hostNetwork: true\n      containers:")
    assert kind(namespace(), host) is None
    assert kind(namespace("kube-system"), app("a", ns="kube-system"), pod="kube-system/a") is None


def test_a_pod_that_carries_the_proxy_itself_is_in_the_mesh() -> None:
    own = app("a").replace("{name: app, image: example/app}", "{name: istio-proxy, image: auto}")
    assert kind(namespace(labels=""), own) == "istio-sidecar"


def test_namespaces_may_be_injected_by_default() -> None:
    everywhere = """
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: m}
spec: {values: {sidecarInjectorWebhook: {enableNamespacesByDefault: true}}}
"""
    assert kind(namespace(labels=""), app("a"), everywhere) == "istio-sidecar"
    assert kind(namespace(labels=""), app("a", labels=OUT), everywhere) is None


AMBIENT = "istio.io/dataplane-mode: ambient"


@pytest.mark.parametrize(
    ("labels", "pod", "found"),
    [
        (AMBIENT, "", "istio-ambient"),
        (AMBIENT, "istio.io/dataplane-mode: none", None),
        ("", AMBIENT, "istio-ambient"),
        (f"{AMBIENT}, istio-injection: enabled", "", "istio-sidecar"),
    ],
)
def test_ambient_is_by_label_and_a_sidecar_wins(labels: str, pod: str, found: str | None) -> None:
    assert kind(namespace(labels=labels), app("a", labels=pod), VS) == found


# ----------------------------------------------------------------------------------------------------- assumptions


def test_without_anything_of_istio_there_is_no_mesh() -> None:
    assert kind(app("a")) is None


def test_istio_resources_without_a_word_about_injection_mean_sidecars_and_say_that_it_is_assumed() -> None:
    mesh = mesh_of(app("a"), VS)
    found = member(mesh.pods["shop/a"], mesh)
    assert found is not None
    assert found.kind == "istio-sidecar"
    assert found.because.text.startswith("assumed to have a sidecar")
    assert found.because.span is not None


def test_a_namespace_without_label_beside_labelled_ones_is_outside() -> None:
    assert kind(namespace(labels=""), app("a"), VS, STATED) is None


def test_a_namespace_that_is_not_defined_here_is_assumed_only_with_istio_configuration_of_its_own() -> None:
    assert kind(app("a"), VS, STATED) == "istio-sidecar"
    assert kind(app("a"), virtual_service("{" + TO_C + "}", ns="other"), STATED) is None


def test_a_refusal_on_the_pod_is_kept_where_the_rest_is_assumed() -> None:
    assert kind(app("a", labels=OUT), VS) is None
    assert kind(app("a", annotations=OUT), VS) is None


def test_waypoints_without_a_word_about_injection_mean_ambient() -> None:
    assert kind(app("a", service_labels="istio.io/use-waypoint: wp"), VS) == "istio-ambient"


def test_compose_services_are_never_in_a_mesh_of_kubernetes() -> None:
    mesh = mesh_of(app("a"), VS)
    pod = mesh.pods["shop/a"]
    assert pod.fact is not None
    composed = replace(pod, fact=replace(pod.fact, kind="ComposeService"))
    assert member(composed, mesh) is None
