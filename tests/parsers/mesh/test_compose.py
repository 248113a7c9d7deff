"""docker-compose files: services, names, ports, environments, builds."""

from __future__ import annotations

import pytest

from parsers.facts.kubernetes import ImageSource, Service, Workload
from tests.parsers.builders import codes, every, only, read_files, told


def services(body: str, **beside: str) -> dict[str, str]:
    return {"shop/compose.yaml": f"services:\n{body}", **{f"shop/{k}": v for k, v in beside.items()}}


def environment(body: str, **beside: str) -> dict[str, str | None]:
    found = read_files(services(body, **beside))
    return {e.name: e.value for e in every(found, Workload)[0].containers[0].env}


@pytest.mark.parametrize(
    "name",
    [
        "compose.yaml",
        "compose.yml",
        "docker-compose.yml",
        "docker-compose.prod.yaml",
        "compose.override.yaml",
        "a/b/docker-compose.yml",
    ],
)
def test_compose_files_are_known_by_their_names(name: str) -> None:
    assert len(every(read_files({name: "services: {a: {image: x}}"}), Workload)) == 1


@pytest.mark.parametrize("name", ["decompose.yaml", "composer.yml", "compose.json", "compose/a.yaml"])
def test_other_files_are_not_compose_files(name: str) -> None:
    assert read_files({name: "services: {a: {image: x}}"}).facts == ()


def test_a_service_is_a_workload_and_a_name_that_selects_it() -> None:
    found = read_files(services("  web: {image: 'acme/web:1', command: python -m web, deploy: {replicas: 2}}\n"))
    workload, service = only(found, Workload), only(found, Service)
    assert (workload.kind, workload.meta.name, workload.replicas) == ("ComposeService", "web", 2)
    assert workload.containers[0].args == ("python", "-m", "web")
    assert workload.pod_labels.contains(service.selector)
    assert codes(found) == []


def test_other_names_on_the_network_select_the_same_workload() -> None:
    found = read_files(
        services("  db: {image: pg, container_name: pg1, networks: {back: {aliases: [database]}, front: }}\n")
    )
    assert [s.meta.name for s in every(found, Service)] == ["db", "pg1", "database"]
    assert len({s.selector for s in every(found, Service)}) == 1


@pytest.mark.parametrize(
    ("written", "ports"),
    [
        ("'8080:80'", [(80, "TCP", 8080)]),
        ("'127.0.0.1:8080:80/udp'", [(80, "UDP", 8080)]),
        ("3000", [(3000, "TCP", 3000)]),
        ("'8000-8001:90-91'", [(90, "TCP", 8000), (91, "TCP", 8001)]),
        ("{target: 80, published: '8080', protocol: tcp, mode: host}", [(80, "TCP", 8080)]),
        ("{target: 80}", [(80, "TCP", None)]),
    ],
)
def test_ports_are_read_in_every_form(written: str, ports: list[tuple[int, str, int | None]]) -> None:
    found = read_files(services(f"  a: {{image: x, ports: [{written}]}}\n"))
    assert [(p.port, p.protocol, p.node_port) for p in only(found, Service).ports] == ports
    assert codes(found) == []


@pytest.mark.parametrize("written", ["x", "'80:x'", "'1-70000'", "{published: 80}", "[80]"])
def test_what_is_no_port_is_reported(written: str) -> None:
    found = read_files(services(f"  a: {{image: x, ports: [{written}]}}\n"))
    assert only(found, Service).ports == ()
    assert len(codes(found)) == 1


def test_a_published_port_is_a_way_in_and_an_exposed_one_is_not() -> None:
    found = read_files(services("  a: {image: x, ports: ['80:80']}\n  b: {image: x, expose: [81]}\n"))
    assert [(s.meta.name, s.type, s.ports[0].port) for s in every(found, Service)] == [
        ("a", "NodePort", 80),
        ("b", "ClusterIP", 81),
    ]


def test_environment_is_a_mapping_or_a_list() -> None:
    assert environment("  a: {image: x, environment: {A: 1, B: 'on', C: }}\n") == {"A": "1", "B": "on", "C": None}
    assert environment("  a: {image: x, environment: ['A=1=2', B=, C]}\n") == {"A": "1=2", "B": "", "C": None}


def test_variables_come_from_the_env_file_beside_or_their_default() -> None:
    body = "  a: {image: x, environment: {A: '${P}', B: '${Q:-d}', C: '${P:+set}', D: '$$x', E: '${Q-${P}}', F: 'http://$P/'}}\n"
    assert environment(body, **{".env": "P=1\n"}) == {
        "A": "1",
        "B": "d",
        "C": "set",
        "D": "$x",
        "E": "1",
        "F": "http://1/",
    }


def test_a_variable_without_any_value_is_unknown_and_reported() -> None:
    found = read_files(services("  a: {image: x, environment: {A: '${P}'}}\n"))
    assert only(found, Workload).containers[0].env[0].value is None
    assert told(found) == [
        "shop/compose.yaml:2: P104 $.services.a.environment.A: P has no value in .env and no default; taken as unknown"
    ]


def test_environment_goes_over_env_file() -> None:
    body = "  a: {image: x, env_file: [a.env, {path: b.env, required: false}, none.env], environment: {B: 3}}\n"
    assert environment(body, **{"a.env": "A=1\nB=1\n", "b.env": "export C='x y' # c\n#D=1\n"}) == {
        "A": "1",
        "B": "3",
        "C": "x y",
    }


def test_a_service_has_what_it_extends_and_what_anchors_bring() -> None:
    body = (
        "  base: {image: x, environment: {A: 1, B: 1}}\n"
        "  a: {extends: {service: base}, environment: {B: 2}}\n"
        "  b: {extends: {file: ../lib/other.yaml, service: c}}\n"
    )
    found = read_files({**services(body), "lib/other.yaml": "services: {c: {image: y, build: .}}"})
    first, _, last = every(found, Workload)
    assert {e.name: e.value for e in first.containers[0].env} == {"A": "1", "B": "1"} or first.meta.name == "a"
    by_name = {w.meta.name: w for w in every(found, Workload)}
    assert {e.name: e.value for e in by_name["a"].containers[0].env} == {"A": "1", "B": "2"}
    assert (by_name["b"].containers[0].image, by_name["b"].build) == ("y", "lib")
    assert last.meta.name in by_name


def test_services_that_extend_each_other_end() -> None:
    found = read_files(services("  a: {extends: b}\n  b: {extends: a}\n"))
    assert len(every(found, Workload)) == 2


def test_extending_what_is_not_there_is_reported() -> None:
    found = read_files(services("  a: {image: x, extends: {service: b, file: ../../../etc/x.yaml}}\n"))
    assert codes(found) == ["P104"]


def test_a_build_says_which_folder_makes_the_image() -> None:
    found = read_files(
        services(
            "  a: {image: 'acme/a:1', build: {context: ../src/a, dockerfile: D, args: [A=1]}}\n  b: {build: ./b}\n"
        )
    )
    assert [(s.image, s.folder, s.dockerfile) for s in every(found, ImageSource)] == [
        ("acme/a:1", "src/a", "src/a/D"),
        (None, "shop/b", "shop/b/Dockerfile"),
    ]
    assert [w.build for w in every(found, Workload)] == ["src/a", "shop/b"]


def test_a_build_outside_the_tree_is_none() -> None:
    found = read_files(services("  a: {build: ../../x}\n  b: {build: 'https://x.org/r.git'}\n"))
    assert every(found, ImageSource) == []


def test_health_checks_are_not_ours() -> None:
    found = read_files(services("  a: {image: x, healthcheck: {test: x, retries: 5}, x-own: {retries: 3}}\n"))
    assert codes(found) == []


def test_a_key_that_compose_does_not_have_is_reported() -> None:
    found = read_files(services("  a: {image: x, retries: 3}\n"))
    assert told(found) == ["shop/compose.yaml:2: P102 $.services.a.retries: not understood, so not modelled"]


@pytest.mark.parametrize(
    "text", ["services: 3", "services: [a]", "services: {a: 3}", "services: {a: {ports: 3}}", "- a", ""]
)
def test_a_compose_file_of_the_wrong_shape_is_no_crash(text: str) -> None:
    assert "P900" not in codes(read_files({"compose.yaml": text}))
