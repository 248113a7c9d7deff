"""What a container's environment holds."""

from analyzer.linking.mesh import Mesh
from analyzer.linking.variables import Environments, Variables
from parsers.facts.kubernetes import ConfigEntry
from tests.analyzer.linking.build import at, deployment, linked, manifests

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: addresses}
data: {PAY: "pay:8080", SHARED: from-map}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {TOKEN_URL: "http://tokens"}
"""


def environment(mesh: Mesh, pod: str = "default/web", image: tuple[ConfigEntry, ...] = ()) -> Variables:
    fact = mesh.pods[pod].fact
    assert fact is not None
    return Environments(mesh).of(mesh.pods[pod], fact.containers[0], image)


def value(mesh: Mesh, name: str) -> str | None:
    found = environment(mesh).get(name)
    return found.value if found else "(not set)"


def container(text: str) -> Mesh:
    return linked(
        *manifests(
            config=CONFIG,
            web=f"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {{name: web, labels: {{app: web}}}}
            spec:
              selector: {{matchLabels: {{app: web}}}}
              template:
                metadata: {{labels: {{app: web}}}}
                spec: {{serviceAccountName: web-sa, containers: [{{name: web, image: web, {text}}}]}}
            """,
        )
    )


def test_all_keys_of_a_config_map_with_their_prefix() -> None:
    mesh = container("envFrom: [{prefix: X_, configMapRef: {name: addresses}}]")
    assert value(mesh, "X_PAY") == "pay:8080"
    assert value(mesh, "PAY") == "(not set)"


def test_what_is_written_last_counts() -> None:
    mesh = container("envFrom: [{configMapRef: {name: addresses}}], env: [{name: SHARED, value: own}]")
    assert value(mesh, "SHARED") == "own"


def test_one_key_of_a_config_map() -> None:
    mesh = container("env: [{name: P, valueFrom: {configMapKeyRef: {name: addresses, key: PAY}}}]")
    assert value(mesh, "P") == "pay:8080"


def test_a_key_that_is_nowhere_has_no_value_but_is_set() -> None:
    mesh = container("env: [{name: P, valueFrom: {secretKeyRef: {name: elsewhere, key: K}}}]")
    assert value(mesh, "P") is None


def test_references_to_earlier_variables_are_put_in_place() -> None:
    mesh = container('env: [{name: H, value: pay}, {name: U, value: "http://$(H):1/$$(H)/$(NONE)"}]')
    assert value(mesh, "U") == "http://pay:1/$(H)/$(NONE)"


def test_a_reference_to_a_secret_makes_the_value_unknown() -> None:
    mesh = container(
        'env: [{name: P, valueFrom: {secretKeyRef: {name: x, key: k}}}, {name: U, value: "http://u:$(P)@pay"}]'
    )
    assert value(mesh, "U") is None


def test_the_downward_api_as_far_as_it_is_written() -> None:
    mesh = container(
        "env: [{name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}},"
        " {name: SA, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}},"
        " {name: APP, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['app']\"}}},"
        " {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]"
    )
    assert [value(mesh, n) for n in ("NS", "SA", "APP", "IP")] == ["default", "web-sa", "web", None]


def test_kubernetes_sets_links_to_the_services_of_the_namespace() -> None:
    mesh = linked(
        *manifests(web=deployment("web"), pay=deployment("pay-api"), far=deployment("far", namespace="other"))
    )
    known = environment(mesh)
    host, port = known.get("PAY_API_SERVICE_HOST"), known.get("PAY_API_SERVICE_PORT_HTTP")
    assert host is not None
    assert (host.value, host.linked) == ("pay-api", True)
    assert port is not None
    assert port.value == "8080"
    assert known.get("FAR_SERVICE_HOST") is None


def test_the_image_sets_what_manifests_do_not() -> None:
    mesh = container("env: [{name: A, value: manifest}]")
    image = (ConfigEntry("A", "image", at("Dockerfile")), ConfigEntry("B", "image", at("Dockerfile")))
    known = environment(mesh, image=image)
    assert [known.known[n].value for n in ("A", "B")] == ["manifest", "image"]
