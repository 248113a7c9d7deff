"""What holds of every linked system, whatever is written in it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.graph import CallGraph
from analyzer.linking.mesh import Mesh
from parsers.facts.python import EnvVar, Hole
from tests.analyzer.linking.build import call, deployment, handler, linked, manifests, sending

NAMES = ("web", "pay", "stock")
BASE = manifests(
    a=deployment("web", env="PAY=http://pay:8080 LIST=a:1,stock:8080", type="LoadBalancer"),
    b=deployment("pay", namespace="bank"),
    c=deployment("stock"),
)

WORDS = (
    "http:// https:// pay stock .bank .svc.cluster.local :8080 / users localhost @ ?x=1 , [::1] * .. grpc:// dns:/// % "
    "{ # é \x00 ["
)
words = st.sampled_from([*WORDS.split(" "), " "])
parts = st.one_of(
    words,
    st.builds(Hole, st.sampled_from(["id", "path", "host", ""])),
    st.builds(EnvVar, st.sampled_from(["PAY", "LIST", "NONE"]), st.none() | st.tuples(words)),
)
templates = st.lists(parts, max_size=6).map(tuple)
protocols = st.sampled_from(["http", "https", "grpc", "amqp", "kafka", "aws", "", "sql"])
methods = st.sampled_from(["GET", "POST", "*", "", "/pkg.Service/Method", "get"])
routes = st.sampled_from(["/users/<id>", "/", "*", "", "^x/(?P<y>\\d+)$", "/{p:path}", "((", "<"])


@st.composite
def programs(draw: st.DrawFn) -> list[object]:
    found: list[object] = []
    for line, name in enumerate(draw(st.lists(st.sampled_from((*NAMES, "other")), max_size=4))):
        urls = draw(st.lists(templates, max_size=2).map(tuple))
        path, at = f"{name}/app.py", 100 * line + 1
        made = call(path=path, line=at + 1, url=urls, protocol=draw(protocols), method=draw(methods))
        kind = draw(st.sampled_from(["http", "grpc", "consumer", "task", "cli"]))
        found.append(handler(draw(methods), draw(routes), *sending(made), path=path, line=at, kind=kind))
        found.append(made)
    return found


def consistent(mesh: Mesh) -> None:
    ids = [w.id for w in mesh.wires]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    known = set(mesh.services)
    assert {w.caller.service for w in mesh.wires} | {w.callee.service for w in mesh.wires} <= known
    assert {o.service for o in mesh.programs} <= known
    assert {e.operation.service for e in mesh.entries} <= known
    for operation, program in mesh.programs.items():
        assert program.operation == operation
        assert {w for _, wires in program.wires for w in wires} <= set(ids)
    for wire in mesh.wires:
        assert wire.callee in mesh.operations[wire.callee.service]
        assert wire.callee.name


@settings(max_examples=80, deadline=None)
@given(programs())
def test_what_is_linked_hangs_together(code: list[object]) -> None:
    consistent(linked(*BASE, *code))


@settings(max_examples=25, deadline=None)
@given(programs(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_come_changes_nothing(code: list[object], chance: object) -> None:
    facts = [*BASE, *code]
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert linked(*facts) == linked(*shuffled)


@settings(max_examples=25, deadline=None)
@given(programs())
def test_every_wire_becomes_a_call(code: list[object]) -> None:
    mesh = linked(*BASE, *code)
    graph = CallGraph.build(mesh)
    assert {c.wire.id for c in graph.calls} == {w.id for w in mesh.wires}
