"""Generated policies and requests: our decision, and a second one made in another way."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.linking.topology import topology
from analyzer.model import Decision, Request
from analyzer.options import Options
from analyzer.semantics.istio.authorization import verdict
from tests.analyzer.semantics.istio.meshes import Document, mesh_config, policy, read, service, workload
from tests.analyzer.semantics.istio.reference import allowed

DOMAINS = ["td1", "td2"]
PRINCIPALS = [f"{d}/ns/{n}/sa/{a}" for d in ("td1", "td2", "cluster.local") for n in ("a", "ab") for a in ("x", "xy")]
PRINCIPAL_VALUES = [*PRINCIPALS, "*", "td1/*", "*/sa/x", "td1/ns/a*", "*/ns/a/sa/x", "td1/ns/*/sa/x", "*y"]
PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/a/*", "/*", "/A"]
PATH_VALUES = [*PATHS, "*", "*/b", "/a/{*}", "/{**}", "/a/{**}/c", "/{*}/b", "*b*", "/a*b"]
CLAIMS = ["r", "w", "*", "r*", "*w"]


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


def block(**fields: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """At least one of the fields, or of their negations."""
    every = fields | {"not" + k[0].upper() + k[1:]: v for k, v in fields.items()}
    return st.dictionaries(st.sampled_from(sorted(every)), st.none(), min_size=1, max_size=3).flatmap(
        lambda chosen: st.fixed_dictionaries({k: some(every[k]) for k in chosen})
    )


SOURCES = block(
    principals=PRINCIPAL_VALUES,
    namespaces=["a", "a*", "*b", "*", "a*b"],
    serviceAccounts=["x", "a/x", "ab/xy"],
    trustDomains=["td1", "td*", "*", "other"],
    ipBlocks=["10.0.0.0/8", "10.1.2.3", "bad"],
    requestPrincipals=["*", "i/s", "*/s", "i/*"],
)
OPERATIONS = block(
    methods=["GET", "P*", "*", "*T"],
    paths=PATH_VALUES,
    hosts=["shop.example", "SHOP.*", "*.example", "*"],
    ports=["8080", "9090", "http"],
)
CONDITIONS = st.one_of(
    *(
        st.fixed_dictionaries({"key": st.just(key)}, optional={"values": some(values), "notValues": some(values)})
        for key, values in {
            "request.headers[x-a]": ["1", "2*", "*"],
            "request.auth.claims[role]": CLAIMS,
            "request.auth.claims[realm][role]": CLAIMS,
            "request.auth.audiences": CLAIMS,
            "source.principal": PRINCIPAL_VALUES,
            "source.namespace": ["a", "a*"],
            "destination.port": ["8080", "70000"],
            "connection.sni": ["*", "sni*", "other"],
            "source.nonsense": ["x"],
        }.items()
    )
)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "from": st.lists(SOURCES.map(lambda s: {"source": s}), min_size=1, max_size=2),
        "to": st.lists(OPERATIONS.map(lambda o: {"operation": o}), min_size=1, max_size=2),
        "when": st.lists(CONDITIONS, min_size=1, max_size=2),
    },
)
POLICIES = st.lists(
    st.builds(
        lambda spec, dry: policy(spec, annotations={"istio.io/dry-run": "true"} if dry else None),
        st.fixed_dictionaries(
            {"action": st.sampled_from(["ALLOW", "ALLOW", "DENY", "AUDIT"])},
            optional={"rules": st.lists(RULES, max_size=3)},
        ),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=3,
).map(lambda ps: [{**p, "metadata": {**p["metadata"], "name": f"p{i}"}} for i, p in enumerate(ps)])
TOKENS = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"iss": st.just("i"), "sub": st.sampled_from(["s", "t"])},
        optional={
            "role": st.sampled_from(["r", "w", ["r", "w"], "rw"]),
            "realm": st.sampled_from([{"role": "w"}, {"role": ["r"]}, "x"]),
            "aud": st.sampled_from(["r", ["w", "x"]]),
        },
    ),
)
REQUESTS = st.fixed_dictionaries(
    {
        "principal": st.sampled_from([None, *PRINCIPALS]),
        "method": st.sampled_from(["GET", "POST", "PUT"]),
        "path": st.sampled_from(PATHS),
        "host": st.sampled_from(["shop.example", "Shop.Example:80", "x"]),
        "port": st.sampled_from([8080, 9090]),
        "source.ip": st.sampled_from(["10.1.2.3", "11.1.2.3"]),
        "headers": st.sampled_from([{}, {"x-a": ["1"]}, {"x-a": ["3", "22"]}]),
        "sni": st.sampled_from(["", "sni.example"]),
        "jwt": TOKENS,
    }
)


def ours(
    policies: list[Document], asked: dict[str, Any], *, tcp: bool, hidden: frozenset[str] = frozenset()
) -> Decision:
    there = service(port_name="tcp" if tcp else "http", port=asked["port"])
    facts = [*read(policies), mesh_config(DOMAINS), workload(), there]
    shown = {k: v for k, v in asked.items() if k not in hidden}
    headers = shown.get("headers")
    request = Request(
        principal=asked["principal"],
        to="default/app",
        host=shown.get("host"),
        port=asked["port"],
        method=shown.get("method"),
        path=shown.get("path"),
        headers=None if headers is None else tuple((k, v) for k, vs in headers.items() for v in vs),
        jwt=tuple(asked["jwt"].items()),
        source_ip=shown.get("source.ip"),
        sni=asked["sni"],
    )
    found = verdict(request, topology(facts, Options())[0], Options())
    assert found is not None
    return found.decision


@settings(deadline=None, max_examples=400)
@given(POLICIES, REQUESTS, st.booleans())
def test_a_request_that_is_known_is_decided_as_the_procedure_says(
    policies: list[Document], asked: dict[str, Any], tcp: bool
) -> None:
    expected = Decision.ALLOWED if allowed(policies, asked | {"domains": DOMAINS}, tcp=tcp) else Decision.DENIED
    assert ours(policies, asked, tcp=tcp) is expected


@settings(deadline=None, max_examples=200)
@given(POLICIES, REQUESTS, st.sets(st.sampled_from(["method", "path", "host", "source.ip", "headers"]), min_size=1))
def test_what_is_decided_without_an_attribute_holds_for_every_value_of_it(
    policies: list[Document], asked: dict[str, Any], hidden: set[str]
) -> None:
    found = ours(policies, asked, tcp=False, hidden=frozenset(hidden))
    whole = Decision.ALLOWED if allowed(policies, asked | {"domains": DOMAINS}) else Decision.DENIED
    assert found in {whole, Decision.UNKNOWN}
