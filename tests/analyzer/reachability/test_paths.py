"""Ways that should not be there, on small systems."""

from __future__ import annotations

from analyzer.model import Decision
from analyzer.options import Intent, Options
from analyzer.reachability import lateral, reach
from tests.analyzer.reachability.systems import allow, files, graph, reached, told

#: web asks middle, whose /open forwards to ledger; middle's /other forwards nothing.
SYSTEM = {
    "web": {"/start": ["middle/open"], "/side": ["middle/other"]},
    "middle": {"/open": ["ledger/secret"], "/other": []},
    "ledger": {"/secret": []},
}
LEDGER = allow("ledger", "middle /secret")


def test_a_chain_over_an_unguarded_middle_is_a_bypass() -> None:
    (path,) = [p for p in reached(SYSTEM, LEDGER).paths if p.kind == "bypass"]
    assert (path.source, str(path.target)) == ("prod/web", "prod/ledger GET /secret")
    assert [str(o) for o in path.via] == ["prod/middle GET /open"]
    assert [e.text for e in path.cut] == [
        "an AuthorizationPolicy on prod/middle that does not let prod/web ask GET /open"
    ]


def test_a_chain_whose_every_hop_was_granted_says_so() -> None:
    found = reached(SYSTEM, LEDGER, allow("middle", "web"))
    assert told(found, "bypass") == []
    (path,) = [p for p in found.paths if p.kind == "bypass"]
    assert (path.granted, path.source, str(path.target)) == (True, "prod/web", "prod/ledger GET /secret")


def test_a_granted_chain_to_what_refuses_the_sender_is_one() -> None:
    refusing = allow("ledger", "web", action="DENY")
    found = reached(SYSTEM, LEDGER, allow("middle", "web"), refusing)
    assert told(found, "bypass") == [("bypass", "prod/web", "prod/ledger GET /secret")]


def test_an_operation_that_does_not_forward_leads_nowhere() -> None:
    system = {**SYSTEM, "web": {"/side": ["middle/other"]}}
    assert told(reached(system, LEDGER), "bypass") == []


def test_a_hop_that_is_denied_leads_nowhere() -> None:
    assert told(reached(SYSTEM, LEDGER, allow("middle", "web /other")), "bypass") == []


def test_who_may_ask_directly_needs_no_bypass() -> None:
    assert told(reached(SYSTEM, allow("ledger", "middle", "web")), "bypass") == []


def test_a_denied_call_is_broken_and_names_the_policy() -> None:
    (path,) = [p for p in reached(SYSTEM, allow("ledger")).paths if p.kind == "broken"]
    assert (path.source, str(path.target)) == ("prod/middle", "prod/ledger GET /secret")
    assert (
        path.evidence[-1].text == "AuthorizationPolicy prod/ledger-allow (ALLOW): it has no rules, so it allows nothing"
    )


def test_a_plaintext_caller_that_meets_strict_is_broken() -> None:
    plain = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ledger, namespace: prod}
spec: {host: ledger, trafficPolicy: {tls: {mode: DISABLE}}}
"""
    assert told(reached(SYSTEM, plain), "broken") == [("broken", "prod/middle", "prod/ledger GET /secret")]
    assert told(reached(SYSTEM, plain, strict=False), "broken") == []


def test_a_permission_without_a_call_is_unused() -> None:
    found = reached(SYSTEM, allow("ledger", "middle", "web"))
    assert told(found, "unused") == [("unused", "prod/web", "prod/ledger GET /secret")]


def test_what_everybody_may_is_no_permission_of_anybody() -> None:
    assert told(reached(SYSTEM), "unused") == []


def test_without_strict_and_without_a_policy_a_service_is_open_to_anybody() -> None:
    guarded = (allow("middle", "web"), LEDGER)
    assert told(reached(SYSTEM, *guarded, strict=False), "open") == [("open", "none", "prod/web")]
    assert told(reached(SYSTEM, *guarded), "open") == []


def test_a_workload_that_listens_on_nothing_is_not_open() -> None:
    job = files({"web": {"/": []}}, allow("web"), strict=False)
    job["deploy/job.yaml"] = """
apiVersion: batch/v1
kind: Job
metadata: {name: job, namespace: prod}
spec: {template: {metadata: {labels: {app: job}}, spec: {containers: [{name: job, image: "job:1"}]}}}
"""
    assert told(reach(graph(job), Options()), "open") == []


def test_a_system_that_nothing_guards_has_no_single_open_service() -> None:
    assert told(reached(SYSTEM, strict=False), "open") == []


def test_a_policy_that_lets_every_workload_in_is_told() -> None:
    everybody = allow("ledger", "x").replace('"cluster.local/ns/prod/sa/x"', '"*"')
    assert told(reached(SYSTEM, everybody), "open") == [("open", "*", "prod/ledger")]


def test_open_is_told_by_operation_where_others_are_not() -> None:
    system = {"app": {"/a": [], "/b": []}, "other": {"/": []}}
    policy = allow("app", "x /a").replace('from: [{source: {principals: ["cluster.local/ns/prod/sa/x"]}}]\n    ', "")
    found = reached(system, policy, allow("other"), strict=False)
    assert told(found, "open") == [("open", "none", "prod/app GET /a")]


def intent(kind: str, source: str, target: str) -> Options:
    return Options(intents=(Intent(kind, source, target, "because"),))


def test_never_is_violated_directly_and_through_others() -> None:
    found = reached(SYSTEM, allow("middle", "web"), LEDGER, options=intent("never", "web", "ledger"))
    assert [(p.source, [str(o) for o in p.via]) for p in found.paths if p.kind == "intent"] == [
        ("prod/web", ["prod/middle GET /open"])
    ]
    direct = reached(SYSTEM, allow("ledger", "web"), options=intent("never", "web", "ledger"))
    assert next((p.source, p.via) for p in direct.paths if p.kind == "intent") == ("prod/web", ())


def test_only_is_violated_by_everyone_else_that_may() -> None:
    found = reached(SYSTEM, allow("ledger", "web", "middle"), options=intent("only", "middle", "ledger GET /secret"))
    assert told(found, "intent") == [("intent", "prod/web", "prod/ledger GET /secret")]


def test_must_is_violated_where_it_is_denied() -> None:
    found = reached(SYSTEM, allow("ledger"), options=intent("must", "app=middle", "prod/ledger"))
    assert told(found, "intent") == [("intent", "prod/middle", "prod/ledger GET /secret")]
    assert told(reached(SYSTEM, LEDGER, options=intent("must", "middle", "ledger")), "intent") == []


def test_nobody_may_be_meant_by_none() -> None:
    found = reached(SYSTEM, strict=False, options=intent("never", "none", "ledger"))
    assert told(found, "intent") == [("intent", "none", "prod/ledger GET /secret")]


def test_whoever_holds_a_workload_gets_at_what_it_lets_in() -> None:
    found = reached(SYSTEM, allow("middle", "web"), LEDGER)
    ways = {str(p.target): [str(o) for o in p.via] for p in lateral(found.matrix, "prod/web")}
    assert ways == {"prod/ledger GET /secret": ["prod/middle GET /open"]}


def test_every_call_has_its_verdict_and_every_identity_its_row() -> None:
    found = reached(SYSTEM, LEDGER)
    assert {v.decision for v in found.verdicts.values()} == {Decision.ALLOWED}
    rows = {(a.source, str(a.to)): a.verdict.decision for a in found.access()}
    assert rows["cluster.local/ns/prod/sa/web", "prod/ledger GET /secret"] is Decision.DENIED
    assert rows["cluster.local/ns/prod/sa/middle", "prod/ledger GET /secret"] is Decision.ALLOWED
    assert rows[None, "prod/ledger GET /secret"] is Decision.DENIED
