"""Manifests to services: what selects what, and which of several definitions counts."""

from analyzer.options import Options
from parsers.diagnostics import Code
from tests.analyzer.linking.build import deployment, linked, manifests, told, tree


def test_a_service_has_the_pods_it_selects() -> None:
    mesh = linked(*manifests(web=deployment("web")))
    assert [p.id for p in mesh.services["default/web"].pods] == ["default/web"]


def test_a_workload_that_nothing_selects_is_a_service_of_its_own() -> None:
    facts = manifests(
        job="""
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly, namespace: jobs}
        spec:
          schedule: "0 3 * * *"
          jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: nightly}]}}}}
        """
    )
    assert list(linked(*facts).services) == ["jobs/nightly"]


def test_a_service_of_the_same_name_that_selects_others_does_not_swallow_a_workload() -> None:
    facts = manifests(
        a=deployment("worker").replace("selector: {app: worker}\n  ports", "selector: {app: other}\n  ports")
    )
    assert list(linked(*facts).services) == ["default/worker", "default/worker.deployment"]


def test_the_same_object_in_two_folders_is_one() -> None:
    facts = manifests(k8s__web=deployment("web"), release__web=deployment("web"))
    mesh = linked(*facts)
    assert list(mesh.services) == ["default/web"]
    assert mesh.pods["default/web"].span is not None
    assert mesh.pods["default/web"].span.path == "k8s/web.yaml"


def test_equal_copies_need_no_diagnostic() -> None:
    assert told(*manifests(k8s__web=deployment("web", image="web:1"), old__web=deployment("web", image="web:2"))) == ()


def test_copies_that_differ_in_what_matters_are_told() -> None:
    facts = manifests(k8s__web=deployment("web", env="A=1"), extras__web=deployment("web", env="A=2"))
    (note,) = told(*facts)
    assert note.code is Code.AMBIGUOUS
    assert note.span.path == "extras/web.yaml"
    assert "what k8s says counts" in note.message


def test_the_folder_that_defines_most_counts() -> None:
    facts = manifests(
        all__web=deployment("web", env="A=1"), all__db=deployment("db"), again__web=deployment("web", env="A=2")
    )
    pod = linked(*facts).pods["default/web"]
    assert pod.span is not None
    assert pod.span.path == "all/web.yaml"


def test_environments_in_folders_and_namespaces_of_their_own_are_one_system() -> None:
    facts = manifests(
        k8s__dev__web=deployment("web", namespace="shop-dev"), k8s__prod__web=deployment("web", namespace="shop-prod")
    )
    assert list(linked(*facts).services) == ["shop-prod/web"]


def test_the_configured_production_namespace_counts() -> None:
    facts = manifests(
        k8s__a__web=deployment("web", namespace="one").replace("image: web", "image: web-a"),
        k8s__a__db=deployment("db"),
        k8s__b__web=deployment("web"),
    )
    assert "one/web" in linked(*facts, options=Options(production=("one",))).services


def test_namespaces_without_folders_of_their_own_are_different_services() -> None:
    facts = manifests(mesh=deployment("web", namespace="dev") + deployment("web", namespace="prod"))
    assert list(linked(*facts).services) == ["dev/web", "prod/web"]


def test_a_policy_without_namespace_is_another_than_one_with() -> None:
    text = """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default%s}
        spec: {mtls: {mode: STRICT}}
        """
    from parsers.facts.istio import PeerAuthentication

    mesh = linked(*manifests(a=text % "", b=text % ", namespace: istio-system"))
    assert [p.meta.ns for p in mesh.all(PeerAuthentication)] == ["default", "istio-system"]


def test_a_patch_that_runs_nothing_is_no_workload() -> None:
    facts = manifests(
        k8s__web=deployment("web"),
        k8s__patch="""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: any-name}
        spec: {template: {spec: {containers: [{name: web, env: [{name: A, value: b}]}]}}}
        """,
    )
    assert list(linked(*facts).services) == ["default/web"]


COMPOSE = """
services:
  web:
    build: ./web
    ports: ["8000:8000"]
    environment: {PAY: "http://pay:8080"}
  pay: {image: pay}
"""


def test_compose_services_are_a_system_where_nothing_else_is() -> None:
    mesh = linked(*tree({"docker-compose.yml": COMPOSE}))
    assert list(mesh.services) == ["default/pay", "default/web"]
    assert [w.id for w in mesh.wires] == ["web->pay"]
    assert [(str(e.operation), e.kind) for e in mesh.entries] == [("default/web", "node-port")]


def test_a_compose_service_that_is_built_elsewhere_is_one_all_the_same() -> None:
    text = "services: {web: {build: ../elsewhere, environment: {DB_HOST: db}}, db: {image: postgres}}"
    assert [w.id for w in linked(*tree({"docker-compose.yml": text})).wires] == ["web->db"]


def test_a_compose_file_for_what_manifests_define_is_left_out() -> None:
    mesh = linked(*tree({"docker-compose.yml": COMPOSE, "k8s/pay.yaml": deployment("pay")}))
    assert list(mesh.services) == ["default/pay"]


def test_a_compose_file_of_another_system_stays() -> None:
    mesh = linked(*tree({"docker-compose.yml": COMPOSE, "k8s/x.yaml": deployment("other")}))
    assert list(mesh.services) == ["default/other", "default/pay", "default/web"]


def test_compose_files_that_build_other_programs_of_the_same_names_are_other_systems() -> None:
    mesh = linked(*tree({"one/docker-compose.yml": COMPOSE, "two/docker-compose.yml": COMPOSE}))
    assert list(mesh.services) == ["default/pay", "default/web", "two/pay", "two/web"]
    assert [w.id for w in mesh.wires] == ["default/web->default/pay", "two/web->two/pay"]


def test_compose_files_beside_one_another_are_one_system() -> None:
    extra = "services: {web: {build: ./other}}"
    mesh = linked(*tree({"docker-compose.yml": COMPOSE, "docker-compose.dev.yml": extra}))
    assert list(mesh.services) == ["default/pay", "default/web"]


def test_a_pod_is_known_as_the_service_named_like_it() -> None:
    from analyzer.linking.homes import aliases, homes

    wide = """
apiVersion: v1
kind: Service
metadata: {name: everything}
spec: {selector: {tier: app}, ports: [{port: 80}]}
"""
    tiered = "labels: {tier: app, app: "
    texts = [deployment(n).replace("labels: {app: ", tiered) for n in ("web-v1", "web-v2", "pay")]
    web = deployment("web").partition("---")[2].replace("selector: {app: web}", "selector: {tier: app}")
    mesh = linked(*manifests(a=texts[0], b=texts[1], c=texts[2], d=wide, e=web))
    known = {pod: service.id for pod, service in homes(mesh).items()}
    assert known == {"default/pay": "default/pay", "default/web-v1": "default/web", "default/web-v2": "default/web"}
    assert aliases(mesh, homes(mesh)) == {"default/web-v1": "default/web", "default/web-v2": "default/web"}


def test_hosts_of_service_entries_are_services_outside() -> None:
    facts = manifests(
        entry="""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: cards}
        spec: {hosts: [API.cards.example.com], ports: [{number: 443, name: tls, protocol: TLS}]}
        """
    )
    node = linked(*facts).services["external:api.cards.example.com"]
    assert node.external
