"""Measured cases as systems: what a scenario says, in the engine's own words.

A case is a row of ``tests/truth/envoy_retry.jsonl``: services, the calls each makes, how the last ones fail, and what a
real Envoy with real clients and servers then counted. Mesh layers come from ``analyzer.semantics.istio``; programs are
written here as the step trees of the services that were measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from analyzer.amplification import CallFacts, System, amplify, scenario
from analyzer.amplification.budgets import Traffic
from analyzer.amplification.ends import CAUGHT
from analyzer.amplification.engine import Engine
from analyzer.amplification.numbers import Unbounded
from analyzer.amplification.walk import Failing, Order
from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Program, Wire
from analyzer.model import Budget, Layer, Operation, Passage, Precision, Shadow
from analyzer.semantics.istio.retries import Written, inbound, outbound
from analyzer.semantics.istio.traffic_policy import (
    DEFAULT_BUDGET_CONCURRENCY,
    DEFAULT_BUDGET_PERCENT,
    MISTAKEN_BUDGET_PERCENT,
    mistaken_default,
)
from parsers.facts import NO_LABELS
from parsers.facts.istio import HttpRoute, MeshConfig, RetryPolicy
from parsers.facts.python import (
    NOTHING,
    Answer,
    Block,
    Call,
    Catch,
    Check,
    Guard,
    Handler,
    Parallel,
    Raise,
    Repeat,
    Retry,
    RetryCondition,
    Send,
    Step,
)
from parsers.quantities import Count, go_duration_s
from parsers.source import Span

TRUTH = Path(__file__).parents[2] / "truth" / "envoy_retry.jsonl"
HERE = Span("scenario.yaml", 1, 1, 1, 1)
FAIL = "oracle.Fail"
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
MODES = {
    "refuse": "connect-failure",
    "blackhole": "connect-failure",
    "reset_on_accept": "connect-failure",
    "reset": "reset",
    "close": "reset",
    "hang": "timeout",
    "truncate": "truncated",
}
#: What a case has that no single cause says: the prediction is then a bound.
UNSTEADY = ("first", "ok_first")


@cache
def rows() -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads(line) for line in TRUTH.read_text(encoding="utf-8").splitlines())


def version_of(text: object) -> tuple[int, ...]:
    return tuple(int(p) for p in str(text).split("."))


@dataclass(frozen=True)
class Case:
    """One measured case."""

    row: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def scenario(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.row["scenario"]
        return found

    @property
    def services(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self.scenario["services"]
        return found

    @property
    def requests(self) -> int:
        """Requests at the entry."""
        asked = self.scenario.get("request", {})
        return int(asked["rate"] * asked["seconds"]) if "rate" in asked else int(asked.get("total", 1))

    @property
    def under_load(self) -> bool:
        return self.requests > 1

    @property
    def method(self) -> str:
        return str(self.scenario.get("request", {}).get("method", "GET"))

    # ---------------------------------------------------------------------------------------------------- what fails

    def leaf(self, name: str) -> Mapping[str, Any]:
        service = self.services[name]
        endpoints = service.get("endpoints")
        if endpoints:
            return max(endpoints, key=lambda e: e.get("mode", "status") != "status" or e.get("status", 503) >= 400)
        return service.get("leaf") or {}

    @cached_property
    def failing(self) -> tuple[Operation, str, float]:
        """The operation that fails, its cause, and how long it takes to."""
        if self.hops:
            return Operation(self._looping[self.hops % len(self._looping)], f"hop {self.hops}"), "508", 0.0
        for name, service in self.services.items():
            if service.get("calls"):
                continue
            cause = cause_of(self.leaf(name))
            if cause is not None:
                return Operation(name, "*"), cause, float(self.leaf(name).get("delay", 0.0))
        last = next(n for n, s in self.services.items() if not s.get("calls"))
        return Operation(last, "*"), "503", 0.0

    @property
    def entry(self) -> Operation:
        name = self.scenario.get("entry") or next(iter(self.services))
        return Operation(name, "hop 0" if self.hops else "*")

    @property
    def hops(self) -> int:
        """After so many hops every service answers 508; 0 where there is no such limit."""
        return int(self.scenario.get("max_depth", 0))

    @cached_property
    def _looping(self) -> list[str]:
        """The services of a ring, in the order in which they are asked."""
        first = self.scenario.get("entry") or next(iter(self.services))
        found = [first]
        while (following := self.services[found[-1]]["calls"][0]["to"]) != first:
            found.append(following)
        return found

    @property
    def traffic(self) -> Traffic:
        """What the case says of its load."""
        asked = self.scenario.get("request", {})
        latency = max(self.failing[2], 0.001)
        if "rate" in asked:
            return Traffic(rate_rps=float(asked["rate"]), latency_s=latency)
        return Traffic(at_once=self.requests, latency_s=latency)

    @property
    def steady(self) -> bool:
        """Whether the case states all that the model needs: one cause, every time, one request, no race."""
        leaves = [n for n, s in self.services.items() if not s.get("calls")]
        plain = all(not self.services[n].get("endpoints") for n in leaves)
        constant = all(not any(k in self.leaf(n) for k in UNSTEADY) for n in leaves)
        raced = any(self.leaf(n).get("mode") == "reset_on_accept" for n in leaves)
        calls = [c for s in self.services.values() for c in s.get("calls", ())]
        ejects = any("outlierDetection" in (c.get("dest") or {}) for c in calls)
        return plain and constant and not raced and not ejects and not self.under_load

    # -------------------------------------------------------------------------------------------------------- measured

    def arrived(self, name: str) -> tuple[int, int]:
        """The range measured; where nothing can arrive, the connections that callers tried."""
        low, high = self.row["measured"]["range"][name]
        if (
            self.leaf(name).get("mode") in ("refuse", "blackhole", "reset_on_accept")
            and name == self.failing[0].service
        ):
            edges = [r for e, r in self.row["measured"]["edge_range"].items() if e.endswith(f"__{name}")]
            return sum(r[0] for r in edges), sum(r[1] for r in edges)
        return int(low), int(high)

    # ---------------------------------------------------------------------------------------------------------- system

    @cached_property
    def mesh(self) -> Mesh:
        networks = tuple(f"{a}/{n}" for a, n in self.scenario.get("internal_networks", ()))
        config = MeshConfig(None, None, (), None, None, None, None, None, None, None, None, networks, HERE)
        version = version_of(self.scenario.get("istio", "1.30"))
        return Mesh({MeshConfig: (config,)}, {}, {}, {}, istio_version=version)

    @cached_property
    def system(self) -> System:
        calls: dict[str, CallFacts] = {}
        programs: dict[Operation, Program] = {}
        for operation, service, to in self._operations():
            made = list(self._calls(operation, service, to))
            calls |= {c.id: c for _, _, c in made}
            programs[operation] = self._program(operation, service, made)
        return System(programs, calls)

    def _operations(self) -> Iterator[tuple[Operation, Mapping[str, Any], str]]:
        """Every operation that makes calls, and the operation of whoever it calls."""
        if self.hops:
            ring = self._looping
            for hop in range(self.hops):
                name = ring[hop % len(ring)]
                yield Operation(name, f"hop {hop}"), self.services[name], f"hop {hop + 1}"
            return
        for name, service in self.services.items():
            if service.get("calls"):
                yield Operation(name, "*"), service, "*"

    def _calls(
        self, operation: Operation, service: Mapping[str, Any], to: str
    ) -> Iterator[tuple[Mapping[str, Any], Call, CallFacts]]:
        for number, call in enumerate(service["calls"]):
            client = self._client(call)
            facts = CallFacts(
                id=f"{operation.service} {operation.name}->{call['to']}#{number}",
                caller=operation,
                callee=Operation(call["to"], to),
                method=self.method,
                passage=self._passage(call, client),
            )
            yield call, client, facts

    def _program(
        self, operation: Operation, service: Mapping[str, Any], made: list[tuple[Mapping[str, Any], Call, CallFacts]]
    ) -> Program:
        """What the measured service does (``service_core`` of the oracle), as steps."""
        steps: list[Step] = []
        wires: list[tuple[int, tuple[str, ...]]] = []
        keys: list[int] = []
        answers = _Answers(str(service.get("on_failure", "passthrough")))
        for call, client, facts in made:
            for _ in range(call.get("repeat", 1)):
                key = len(wires) + 1
                wires.append((key, (facts.id,)))
                keys.append(key)
                steps.append(_asked(call, client, key))
        if service.get("order") == "parallel":
            body: list[Step] = [Parallel(tuple(steps)), *(answers.check(k) for k in keys)]
        elif service.get("fail_fast", True):
            body = [s for step, key in zip(steps, keys, strict=True) for s in (step, answers.check(key))]
        else:
            body = [Guard(s, (Catch((FAIL,), NOTHING),), NOTHING, NOTHING) for s in steps]
            body += [answers.check(k) for k in keys]
        tree = Guard(Block(tuple(body)), (Catch((FAIL,), answers.caught()),), NOTHING, NOTHING)
        handler = Handler("oracle", "http", "*", "*", operation.service, HERE, tree, uncaught="500")
        return Program(operation, handler, tuple(wires))

    # ------------------------------------------------------------------------------------------------------------ mesh

    def _passage(self, call: Mapping[str, Any], client: Call) -> Passage:
        inner = self._inbound(call["to"], client)
        if call.get("mesh", {}) is None:
            return Passage(layers=inner)
        mesh = call.get("mesh", {})
        wire = self._wire(call, client)
        policy = _policy(mesh)
        layer = outbound("sidecar", Written(policy, "route" if policy else "default"), _route(mesh), wire, self.mesh)
        shadows = (Shadow(mesh["mirror"], 100.0, Evidence("mirror")),) if "mirror" in mesh else ()
        nothing = mesh.get("missing_subset") or mesh.get("faultAbort")
        return Passage(
            (layer, *inner), shadows=shadows, budgets=self._budgets(call), answered="proxy-503" if nothing else None
        )

    def _inbound(self, callee: str, client: Call) -> tuple[Layer, ...]:
        if not self.services[callee].get("inbound", self.scenario.get("inbound", False)):
            return ()
        return (inbound(self._wire({"to": callee}, client), self.mesh, grpc_port=False),)

    def _wire(self, call: Mapping[str, Any], client: Call) -> Wire:
        here = Operation("x", "*")
        size = self.scenario.get("request", {}).get("body_bytes")
        return Wire(
            "w", here, here, call["to"], 80, "http", self.method, "/", "code", Precision.EXACT, HERE,
            headers=client.headers, timeout_s=client.timeout_s, body_bytes=size,
        )  # fmt: skip

    def _budgets(self, call: Mapping[str, Any]) -> tuple[Budget, ...]:
        dest = call.get("dest") or {}
        if "retryBudget" in dest:
            budget = dest["retryBudget"] or {}
            default = MISTAKEN_BUDGET_PERCENT if mistaken_default(self.mesh.istio_version) else DEFAULT_BUDGET_PERCENT
            least = budget.get("minRetryConcurrency", DEFAULT_BUDGET_CONCURRENCY)
            interval = go_duration_s(budget["budgetInterval"]) if "budgetInterval" in budget else None
            return (Budget("retry-budget", budget.get("percent", default), least, Evidence("retryBudget"), interval),)
        if "maxRetries" in dest:
            return (Budget("max-retries", None, dest["maxRetries"], Evidence("maxRetries")),)
        return ()

    # ---------------------------------------------------------------------------------------------------------- client

    def _client(self, call: Mapping[str, Any]) -> Call:
        app = call.get("app") or {}
        library = app.get("client", "none")
        default = "aiohttp" if library in ("none", "aiohttp") else "httpx"
        name = library if library in ("urllib3", "requests") else app.get("http", default)
        return Call(
            client=name,
            protocol="http",
            method=self.method,
            url=(),
            symbol="oracle",
            span=HERE,
            layers=self._own_layers(app, library),
            headers=tuple((k.lower(), str(v)) for k, v in (app.get("headers") or {}).items()),
            timeout_s=float(app.get("timeout", 60)),
        )

    def _own_layers(self, app: Mapping[str, Any], library: str) -> tuple[Retry, ...]:
        n = int(app.get("n", 1))
        idempotent = self.method in IDEMPOTENT
        if library == "aiohttp":
            return (_retry("aiohttp", 2, RetryCondition(causes=("reset",))),) if idempotent else ()
        if library == "httpx":
            return (_retry("httpx.HTTPTransport", 1 + n, RetryCondition(causes=("connect-failure",))),)
        if library in ("urllib3", "requests"):
            causes: tuple[str, ...] = ("connect-failure",)
            if idempotent:
                causes += ("reset", "timeout", "503+retry-after", "429+retry-after", "413+retry-after")
                causes += tuple(str(s) for s in app.get("retry_statuses", ()))
            return (_retry("urllib3.Retry", 1 + n, RetryCondition(causes=causes)),)
        return ()


def cause_of(leaf: Mapping[str, Any]) -> str | None:
    """The cause of a leaf that fails, else ``None``."""
    mode = leaf.get("mode", "status")
    if mode not in ("status", "early"):
        return MODES[mode]
    headers = leaf.get("headers") or {}
    if "grpc-status" in headers:
        return {"14": "grpc-unavailable", "13": "grpc-internal"}[headers["grpc-status"]]
    status = int(leaf.get("status", 503))
    suffix = "".join(f"+{h}" for h in ("retry-after", "x-envoy-ratelimited") if h in headers)
    return f"{status}{suffix}" if status >= 400 else None


@dataclass(frozen=True, slots=True)
class _Answers:
    """How a measured service answers a failure of its callee."""

    on_failure: str

    def check(self, key: int) -> Step:
        if self.on_failure == "ok":
            return NOTHING
        status = None if self.on_failure == "passthrough" else self.on_failure
        return Check(key, (">=400",), Answer(status, key if status is None else None, HERE), NOTHING)

    def caught(self) -> Step:
        if self.on_failure == "ok":
            return Answer("200", None, HERE)
        return Answer(CAUGHT if self.on_failure == "passthrough" else self.on_failure, None, HERE)


def _asked(call: Mapping[str, Any], client: Call, key: int) -> Step:
    """One call of a measured service (``make_client`` of the oracle)."""
    app = call.get("app") or {}
    library = app.get("client", "none")
    timeouts = {"aiohttp": ("asyncio.TimeoutError",), "httpx": ("httpx.TimeoutException",)}
    errors = {"aiohttp": ("aiohttp.ClientError",), "httpx": ("httpx.TransportError",)}
    late = timeouts.get(client.client, ("urllib3.exceptions.TimeoutError", "requests.exceptions.Timeout"))
    other = errors.get(client.client, ("requests.exceptions.RequestException", "urllib3.exceptions.HTTPError"))
    once = Guard(
        Send(client, key),
        (Catch(late, Raise((FAIL, "Exception"), "504", HERE)), Catch(other, Raise((FAIL, "Exception"), "502", HERE))),
        NOTHING,
        NOTHING,
    )
    if library not in ("tenacity", "backoff", "stamina"):
        return once
    bad = tuple(str(s) for s in app.get("retry_statuses", (500, 502, 503, 504)))
    judged = Block((once, Check(key, bad, Raise((FAIL, "Exception"), None, HERE, key), NOTHING)))
    retry = _retry(
        library, int(app.get("n", 1)), RetryCondition(exceptions=(FAIL,)), app.get("wait", 0), app.get("deadline")
    )
    return Repeat(retry, judged)


def _retry(
    idiom: str, attempts: int, condition: RetryCondition, wait_s: float = 0.0, deadline_s: float | None = None
) -> Retry:
    return Retry(
        idiom, Count(attempts), None, condition, idiom, "oracle", HERE, min_wait_s=wait_s, deadline_s=deadline_s
    )


def _policy(mesh: Mapping[str, Any]) -> RetryPolicy | None:
    if "attempts" not in mesh:
        return None
    return RetryPolicy(
        attempts=Count.from_retries(mesh["attempts"]),
        per_try_timeout_s=_seconds(mesh, "perTryTimeout"),
        retry_on=mesh.get("retryOn"),
        retry_remote_localities=None,
        retry_ignore_previous_hosts=None,
        backoff_s=_seconds(mesh, "backoff"),
        declared=f"attempts: {mesh['attempts']}",
        invalid=None,
        span=HERE,
    )


def _route(mesh: Mapping[str, Any]) -> HttpRoute:
    timeout = _seconds(mesh, "timeout")
    return HttpRoute(None, (), (), False, None, None, None, None, timeout, None, None, (), NO_LABELS, HERE)


def _seconds(block: Mapping[str, Any], name: str) -> float | None:
    return go_duration_s(block[name]) if name in block else None


def predicted(case: Case) -> dict[str, int]:
    """Requests per service that the engine predicts for one request at the entry."""
    operation, cause, latency = case.failing
    found = dict.fromkeys(case.services, 0)
    for load in scenario(case.system, case.entry, operation, cause, latency).load:
        assert load.requests.value is not None, f"{case.id}: {load.operation} is without bound"
        found[load.operation.service] += load.requests.value
    return found


def bound(case: Case) -> int:
    """The most that may arrive at the failing service, whenever it fails."""
    pairs = amplify(case.system, (case.entry,)).pairs
    found = next(p for p in pairs if p.target == case.failing[0])
    assert found.intermittent.value is not None, case.id
    return found.intermittent.value


def sustained(case: Case) -> float:
    """Requests per request that arrive in the long run at the failing service, budgets considered."""
    operation, cause, latency = case.failing
    engine = Engine(case.system, case.traffic)
    walk = Failing.of(engine, Order(engine), operation, cause, latency)
    value = walk.worth(case.entry)
    assert not isinstance(value, Unbounded), case.id
    return float(value)


def cases() -> tuple[Case, ...]:
    return tuple(Case(row) for row in rows())
