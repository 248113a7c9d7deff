"""Questions as JSON lines, and the answer of all layers."""

from __future__ import annotations

import json

import pytest

from analyzer.access import QuestionError, answer, identity, read_questions, verdict
from analyzer.linking.mesh import Mesh
from analyzer.model import Decision, Request
from analyzer.options import Options
from parsers.facts import Labels, Selector
from parsers.facts.kubernetes import NetworkPolicy
from tests.analyzer.semantics.istio.meshes import SPAN, document, mesh, meta, policy, service, workload

WEB = "cluster.local/ns/default/sa/web"
BOTH = (workload(account="app"), service(), workload("web", account="web"), service("web"))
FROM_WEB = policy({"rules": [{"from": [{"source": {"principals": [WEB]}}]}]})


def ask(there: Mesh, **fields: object) -> Decision:
    (question,) = read_questions(json.dumps({"to": "default/app", **fields}), there)
    return answer(question, there, Options()).decision


def test_a_question_may_name_a_principal_nobody_or_a_service() -> None:
    selected = policy({"selector": {"matchLabels": {"app": "app"}}, "rules": FROM_WEB["spec"]["rules"]})  # type: ignore[index]
    there = mesh([selected], *BOTH)
    assert ask(there, **{"from": WEB}) is Decision.ALLOWED
    assert ask(there, **{"from": f"spiffe://{WEB}"}) is Decision.ALLOWED
    assert ask(there, **{"from": "default/web"}) is Decision.ALLOWED
    assert ask(there, **{"from": "none"}) is Decision.DENIED
    assert ask(there, **{"from": "evil.td/ns/foo/sa/a"}) is Decision.DENIED


def test_questions_come_in_order_and_blank_lines_are_passed_over() -> None:
    text = '{"from": "none", "to": "a/b"}\n\n{"from": "none", "to": "c/d", "port": 80}\n'
    assert [(q.to, q.port) for q in read_questions(text, mesh([]))] == [("a/b", None), ("c/d", 80)]


def test_what_is_not_given_is_not_known_and_a_null_token_is_none() -> None:
    (question,) = read_questions('{"from": "none", "to": "a/b"}', mesh([]))
    assert (question.headers, question.jwt, question.method) == (None, None, None)
    (question,) = read_questions('{"from": "none", "to": "a/b", "jwt": null, "headers": {}}', mesh([]))
    assert (question.headers, question.jwt) == ((), ())


def test_a_header_may_come_several_times_and_its_name_has_no_case() -> None:
    (question,) = read_questions('{"to": "a/b", "headers": {"X-A": ["1", "2"], "B": "3"}}', mesh([]))
    assert question.headers == (("x-a", "1"), ("x-a", "2"), ("b", "3"))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nonsense", "line 1: not JSON"),
        ("[]", "line 1: a question: expected an object"),
        ('{"from": "none"}', "line 1: it does not say to whom"),
        ('{"to": "a/b", "port": "http"}', "line 1: port: expected a number"),
        ('{"to": "a/b", "port": true}', "line 1: port: expected a number"),
        ('{"to": "a/b", "method": 1}', "line 1: method: expected a text"),
        ('{"to": "a/b", "headers": {"a": 1}}', "line 1: headers: expected a text"),
        ('{"to": "a/b", "headers": []}', "line 1: headers: expected an object"),
        ('{"to": "a/b", "jwt": "x"}', "line 1: jwt: expected an object"),
    ],
)
def test_a_line_that_is_no_question_is_refused_with_its_number(line: str, complaint: str) -> None:
    with pytest.raises(QuestionError, match=complaint):
        list(read_questions(line, mesh([])))


def test_a_service_that_is_not_there_is_no_denial() -> None:
    found = verdict(Request(None, "default/nobody"), mesh([]), Options())
    assert found.decision is Decision.UNKNOWN
    assert found.needs == ("a service default/nobody: there is none of that name",)


def test_a_network_policy_denies_what_the_mesh_allows() -> None:
    closed = NetworkPolicy(meta("np", "default"), Selector(Labels({"app": "app"})), ("Ingress",), (), None, SPAN)
    there = mesh([], *BOTH, closed)
    found = answer(Request(WEB, "default/app", caller="default/web"), there, Options())
    assert found.decision is Decision.DENIED
    assert found.because[0].text.startswith("NetworkPolicy default/np isolates")


def test_a_caller_whose_proxy_sends_plaintext_arrives_without_identity() -> None:
    plain = document("DestinationRule", {"host": "app", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}, name="plain")
    assert ask(mesh([FROM_WEB], *BOTH), **{"from": "default/web"}) is Decision.ALLOWED
    assert ask(mesh([FROM_WEB, plain], *BOTH), **{"from": "default/web"}) is Decision.DENIED


def test_a_workload_outside_the_mesh_has_no_identity() -> None:
    there = mesh([FROM_WEB], workload(), service(), workload("web", host_network=True), service("web"))
    assert identity(there.services["default/web"], there) is None
    assert ask(there, **{"from": "default/web"}) is Decision.DENIED


def test_where_nothing_stands_before_the_workload_everybody_may() -> None:
    found = answer(Request(None, "default/app"), mesh([], workload(), service()), Options())
    assert found.decision is Decision.ALLOWED
    assert found.because[0].text == "no proxy and no NetworkPolicy stands before the workload"
