"""The matrix answers for every sender as if it had been asked about alone."""

from __future__ import annotations

from hypothesis import given, settings

from analyzer.access import verdict
from analyzer.linking.topology import topology
from analyzer.model import Operation
from analyzer.options import Options
from analyzer.reachability.matrix import matrix, request_of
from tests.analyzer.semantics.istio.meshes import Document, mesh, mesh_config, policy, read, service, workload
from tests.analyzer.semantics.istio.test_authorization_properties import DOMAINS, POLICIES

THERE = [
    mesh_config(DOMAINS),
    *(f for name in ("app", "x", "xy") for f in (workload(name, account=name), service(name))),
    *(f for name in ("x", "y") for f in (workload(name, "a", account=name), service(name, "a"))),
    workload("bare", host_network=True),
]


@settings(deadline=None, max_examples=60)
@given(POLICIES)
def test_a_cell_is_the_verdict_of_each_of_its_senders(policies: list[Document]) -> None:
    there = topology([*read(policies), *THERE], Options())[0]
    table = matrix(there, Options(), {})
    assert len(table.senders) == 7
    for operation in table.cells:
        for place, sender in enumerate(table.senders):
            asked = request_of(operation, None, sender)
            assert asked is not None
            found = table.verdict(place, operation)
            assert found is not None
            assert found.decision is verdict(asked, there, Options()).decision


def test_operations_are_asked_for_as_requests() -> None:
    for name, method, path in (
        ("*", None, None),
        ("POST /v1/{id}", "POST", "/v1/{id}"),
        ("* /any", None, "/any"),
        ("GET *", "GET", None),
        ("/pkg.Service/Method", "POST", "/pkg.Service/Method"),
    ):
        asked = request_of(Operation("default/app", name))
        assert asked is not None
        assert (asked.method, asked.path) == (method, path)


def test_what_no_request_starts_is_not_asked_for() -> None:
    assert request_of(Operation("default/app", "consumer orders")) is None


def test_a_service_that_policies_name_operations_of_is_asked_for_those() -> None:
    spec = {"rules": [{"to": [{"operation": {"methods": ["POST"], "paths": ["/pay", "/pkg.S/M", "/x/*"]}}]}]}
    table = matrix(mesh([policy(spec)]), Options(), {})
    assert [o.name for o in table.cells] == ["/pkg.S/M", "POST /pay"]


def test_two_services_before_the_same_pods_are_one_sender() -> None:
    table = matrix(mesh([policy({})], workload(), service(), service("other", selector={"app": "app"})), Options(), {})
    assert len(table.senders) == 2
    assert table.place["default/app"] == table.place["default/other"]
