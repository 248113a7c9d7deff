"""Fixes of manifests, a rule each: the one right answer, and no answer where there is none."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from analyzer.fixes.manifests import template
from analyzer.options import Options
from tests.analyzer.fixes.systems import OFF, after, asked, chain, fixed, retries, route, worst

RULE = """\
# why this rule
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: store
  namespace: prod
spec:
  host: store
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 10}
    # we want to try again
    retries:
      attempts: 3   # not more
      # five hundreds
      retryOn: "5xx"
    outlierDetection:
      consecutive5xxErrors: 5
"""
POLICY = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: store, namespace: prod}
spec:
  rules:
    - to:
        - operation:
            paths: [/v1/*/refund, '/a/*/b/*', "/c/x*y"]  # three
"""


def _system(**more: str) -> dict[str, str]:
    files = {f"deploy/{name}.yaml": text for name, text in more.items()}
    return chain({"web": (1, OFF), "store": (1, "")}, files)


def _docs(text: str) -> list:
    return list(YAML(typ="safe").load_all(text))


# ------------------------------------------------------------------------------------------------------------- RA003


def test_retries_of_a_destination_rule_become_a_route_of_their_own() -> None:
    found = dict(fixed(_system(rule=RULE), asked("web"), "RA003").files)["deploy/rule.yaml"]
    rule, service = _docs(found)
    assert "retries" not in rule["spec"]["trafficPolicy"]
    assert service["spec"]["http"] == [
        {"retries": {"attempts": 3, "retryOn": "5xx"}, "route": [{"destination": {"host": "store"}}]}
    ]


def test_moving_retries_changes_no_number() -> None:
    there = _system(rule=RULE)
    found = fixed(there, asked("web"), "RA003")
    assert worst(after(there, found), asked("web")) == worst(there, asked("web")) == {"prod/store": 4}


def test_comments_move_with_the_retries_or_stay() -> None:
    found = dict(fixed(_system(rule=RULE), asked("web"), "RA003").files)["deploy/rule.yaml"]
    assert all(
        found.count(c) == 1 for c in ("# why this rule", "# we want to try again", "# not more", "# five hundreds")
    )


def test_retries_go_to_the_routes_that_are_there() -> None:
    there = _system(rule=RULE, service=route("store", "timeout: 3s"))
    found = dict(fixed(there, asked("web"), "RA003").files)
    assert found["deploy/service.yaml"].endswith(
        '      retries:\n        attempts: 3   # not more\n        retryOn: "5xx"\n'
    )
    assert len(_docs(found["deploy/rule.yaml"])) == 1


def test_retries_that_a_route_has_are_not_replaced() -> None:
    there = _system(rule=RULE, service=route("store", retries("attempts: 1")))
    assert list(dict(fixed(there, asked("web"), "RA003").files)) == ["deploy/rule.yaml"]


def test_a_traffic_policy_of_retries_alone_goes_as_a_whole() -> None:
    only = RULE.replace(RULE[RULE.index("    connectionPool") : RULE.index("    # we want")], "")
    only = only[: only.index("    outlierDetection")]
    found = dict(fixed(_system(rule=only), asked("web"), "RA003").files)["deploy/rule.yaml"]
    assert _docs(found)[0]["spec"] == {"host": "store"}


def test_a_service_of_several_ports_gets_a_route_for_each() -> None:
    there = _system(rule=RULE)
    ports = "ports: [{name: http, port: 8080}"
    there["deploy/store.yaml"] = there["deploy/store.yaml"].replace(ports, f"{ports}, {{name: http-admin, port: 9000}}")
    found = dict(fixed(there, asked("web"), "RA003").files)["deploy/rule.yaml"]
    assert [r["match"][0]["port"] for r in _docs(found)[1]["spec"]["http"]] == [8080, 9000]


def test_the_namespace_is_written_only_where_the_rule_writes_it() -> None:
    found = dict(fixed(_system(rule=RULE.replace("  namespace: prod\n", "")), asked("web"), "RA003").files)
    assert "namespace" not in found["deploy/rule.yaml"]


def test_an_item_of_a_list_gives_its_namespace_and_its_name() -> None:
    item = RULE.replace("host: store", "host: store.prod.svc.cluster.local").replace("  name: store", "  name: rule")
    lines = ["apiVersion: v1", "kind: List", "items:", *(f"  {x}" for x in item.splitlines())]
    text = "\n".join(lines).replace("  apiVersion: networking", "- apiVersion: networking") + "\n"
    found = dict(fixed(_system(rule=text), asked("web"), "RA003").files)["deploy/rule.yaml"]
    service = _docs(found)[1]
    assert service["metadata"] == {"name": "rule", "namespace": "prod"}
    assert service["spec"]["hosts"] == ["store.prod.svc.cluster.local"]


@pytest.mark.parametrize("host", ['"*.prod.svc.cluster.local"'])
def test_a_host_of_many_names_has_no_one_route(host: str) -> None:
    assert fixed(_system(rule=RULE.replace("host: store", f"host: {host}")), asked("web"), "RA003").files == ()


# ------------------------------------------------------------------------------------------------------------- PA007


def test_a_star_that_is_a_segment_becomes_a_template_and_one_that_is_not_stays() -> None:
    found = dict(fixed(_system(policy=POLICY), asked("web"), "PA007").files)["deploy/policy.yaml"]
    assert """[ "/v1/{*}/refund", '/a/{*}/b/{**}', "/c/x*y"]  # three""".replace("[ ", "[") in found


def test_no_template_is_written_for_a_release_without_them() -> None:
    older = Options(entries=("web",), istio_version=(1, 21))
    assert fixed(_system(policy=POLICY), older, "PA007").files == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/*/refund", "/v1/{*}/refund"),
        ("/v1/*/x/*", "/v1/{*}/x/{**}"),
        ("/*/x", "/{*}/x"),
        ("/v*/x", None),
        ("*/v1/*/x", None),
        ("/a/*/b*", None),
    ],
)
def test_templates_are_whole_segments(path: str, expected: str | None) -> None:
    assert template(path) == expected


# --------------------------------------------------------------------------------------------------------- the others


def test_the_dead_outlier_field_gets_its_new_name() -> None:
    text = RULE.replace("consecutive5xxErrors: 5", "consecutiveErrors: 5 # five")
    found = dict(fixed(_system(rule=text), asked("web"), "TM014").files)["deploy/rule.yaml"]
    assert found == text.replace("consecutiveErrors", "consecutive5xxErrors")


def test_the_dead_outlier_field_goes_where_the_new_one_is_written() -> None:
    text = RULE.replace("      consecutive5xx", "      consecutiveErrors: 7\n      consecutive5xx")
    assert dict(fixed(_system(rule=text), asked("web"), "TM014").files)["deploy/rule.yaml"] == RULE


def test_blanks_in_retry_on_go() -> None:
    text = route("store", retries('attempts: 2\nretryOn: "5xx, reset ,connect-failure"'))
    found = dict(fixed(_system(service=text), asked("web"), "CF001").files)["deploy/service.yaml"]
    assert found == text.replace('"5xx, reset ,connect-failure"', '"5xx,reset,connect-failure"')


def test_a_condition_that_nobody_knows_is_not_guessed() -> None:
    text = route("store", retries("attempts: 2\nretryOn: 5xx,resett"))
    assert fixed(_system(service=text), asked("web"), "CF001").files == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("mirror: {host: web}", "mirror: {host: web}\n      mirrorPercentage:\n        value: 10.0\n"),
        (
            "mirror: {host: web}\nmirrorPercentage:\n  value: 50.0",
            "mirror: {host: web}\n      mirrorPercentage:\n        value: 10\n",
        ),
        (
            "mirrors:\n  - destination: {host: web}\n    percentage: {value: 80}",
            "mirrors:\n        - destination: {host: web}\n          percentage: {value: 10}\n",
        ),
    ],
)
def test_a_mirror_gets_a_tenth(written: str, expected: str) -> None:
    found = dict(fixed(_system(service=route("store", written)), asked("web"), "TM009").files)["deploy/service.yaml"]
    assert found.endswith(expected)


CUT = "attempts: 2\nperTryTimeout: 1s\nretryOn: connect-failure"


def test_a_per_try_timeout_is_repeated_where_nothing_is_written_twice() -> None:
    found = dict(fixed(_system(service=route("store", retries(CUT))), asked("web"), "RA008").files)
    assert "retryOn: connect-failure,gateway-error\n" in found["deploy/service.yaml"]


def test_a_per_try_timeout_of_a_write_is_left_alone() -> None:
    there = _system(service=route("store", retries(CUT)))
    there["web/app.py"] = there["web/app.py"].replace("requests.get", "requests.post")
    there["store/app.py"] = there["store/app.py"].replace('@app.get("/go")', '@app.post("/go")')
    assert fixed(there, asked("web"), "RA008").files == ()


def test_other_documents_of_the_file_keep_every_byte() -> None:
    other = "kind:   Other   # kept\nlist: [ 1,2 ]\n"
    text = f"{other}---\n{RULE.replace('consecutive5xxErrors', 'consecutiveErrors')}---\n{other}"
    found = dict(fixed(_system(rule=text), asked("web"), "TM014").files)["deploy/rule.yaml"]
    assert found.startswith(f"{other}---\n")
    assert found.endswith(f"---\n{other}")
