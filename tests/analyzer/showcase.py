"""Reports built by hand: a shop like sample_repos/payments, and systems of any size."""

from __future__ import annotations

import random

from analyzer.findings import Confidence, Evidence, Finding, Severity
from analyzer.model import Decision, Gain, Layer, Operation, Precision, Verdict
from analyzer.report import (
    AmplificationView,
    CallView,
    Coverage,
    Hop,
    LoadView,
    PathView,
    Report,
    ScenarioView,
    ServiceView,
)
from parsers.diagnostics import Code, Diagnostic
from parsers.quantities import ONCE, Count
from parsers.source import Span


def span(path: str, line: int, column: int = 1) -> Span:
    return Span(path, line, column, line, column + 10)


def layer(kind: str, name: str, attempts: int | None, declared: str, where: Span | None, **more: object) -> Layer:
    fires = frozenset({"503", "5xx"})
    count = Count(attempts) if attempts else Count(None)
    return Layer(kind, name, count, ("5xx",), fires, declared, True, where, **more)  # type: ignore[arg-type]


GATE = Operation("shop-prod/storefront", "POST /checkout")
PLACE = Operation("order-prod/order-service", "POST /v1/orders")
PAY = Operation("payment-prod/payment-service", "POST /v1/payments")
BOOK = Operation("payment-prod/ledger", "POST /entries")
RESERVE = Operation("inventory-prod/inventory-service", "POST /v1/reservations")
CANCEL = Operation("order-prod/order-service", "POST /v1/orders/{order_id}/cancel")
REFUND = Operation("payment-prod/payment-service", "POST /v1/payments/{payment_id}/refund")
READ = Operation("payment-prod/payment-service", "GET /v1/payments/{payment_id}")
QUOTE = Operation("shop-prod/pricing-service", "/fernhill.pricing.v1.Pricing/GetQuote")
QUOTES = Operation("shop-prod/storefront", "POST /quotes")
CASE = Operation("support-prod/support-desk", "GET /cases/{payment_id}")
ADMIN = Operation("admin-prod/admin-service", "GET /payments/{payment_id}")
INVOICE = Operation("admin-prod/admin-service", "GET /invoices/{number}")
ARCHIVE = Operation("legacy-service/invoice-archive", "*")
CARDS = Operation("external:api.cardhub.example", "POST /charges")

_ORDERS = "services/storefront/storefront/orders.py"
_CLIENTS = "services/order-service/orders/clients.py"
_LEDGER = "services/payment-service/payments/ledger.py"
_DEFAULT = "2 retries where a route names none"


def _call(number: int, caller: Operation, callee: Operation, where: Span, *layers: Layer, **more: object) -> CallView:
    worst = ONCE
    for one in layers:
        worst = worst * (one.attempts or ONCE) if one.effective else worst
    gain = Gain(worst, "503", (("503", worst), ("connect-failure", ONCE)))
    allowed = Verdict(Decision.ALLOWED)
    fields: dict[str, object] = {"layers": layers, "gain": gain, "verdict": allowed, **more}
    return CallView(f"c{number}", caller, callee, "code", Precision.EXACT, where, **fields)  # type: ignore[arg-type]


def _default_route() -> Layer:
    note = "does not fire on a 503 since Istio 1.24"
    cited = (Evidence("istio/istio route/retry/retry.go:36 defaultNumRetries"),)
    return Layer(
        "sidecar",
        "istio default",
        Count(3),
        ("connect-failure", "reset-before-request"),
        frozenset(),
        _DEFAULT,
        False,
        None,
        note,
        evidence=cited,
    )


def shop() -> Report:
    """A shop like the sample, with a row in every section."""
    tenacity = layer("app", "tenacity", 3, "stop_after_attempt(3)", span(_CLIENTS, 11))
    mesh = layer(
        "sidecar", "VirtualService payment-service", 4, "attempts: 3", span("deploy/istio/payment-service.yaml", 13)
    )
    dropped = layer(
        "sidecar",
        "DestinationRule inventory-service",
        4,
        "attempts: 3",
        span("deploy/istio/inventory-service.yaml", 22),
    )
    denied = Verdict(
        Decision.DENIED,
        (
            Evidence(
                "no rule of AuthorizationPolicy payment-service-access matches; '*' inside a path is a literal",
                span("deploy/istio/payment-service-access.yaml", 21),
            ),
        ),
    )
    calls = (
        _call(
            1,
            GATE,
            PLACE,
            span(_ORDERS, 21),
            layer("app", "tenacity", 3, "stop_after_attempt(3)", span(_ORDERS, 11)),
            _default_route(),
        ),
        _call(2, PLACE, RESERVE, span(_CLIENTS, 21), tenacity, dropped),
        _call(3, PLACE, PAY, span(_CLIENTS, 32), tenacity, mesh),
        _call(
            4,
            PAY,
            BOOK,
            span(_LEDGER, 25),
            layer("sdk", "urllib3.Retry", 4, "total=3", span(_LEDGER, 14)),
            _default_route(),
        ),
        _call(5, CANCEL, REFUND, span(_CLIENTS, 42), mesh, verdict=denied),
        _call(
            6,
            QUOTES,
            QUOTE,
            span("services/storefront/storefront/pricing.py", 17),
            layer(
                "sidecar",
                "VirtualService pricing-service",
                3,
                "attempts: 2",
                span("deploy/istio/pricing-service.yaml", 12),
            ),
        ),
        _call(7, CASE, ADMIN, span("services/support-desk/desk.py", 21), _default_route()),
        _call(8, ADMIN, READ, span("services/admin-service/backoffice.py", 20), mesh),
        _call(9, INVOICE, ARCHIVE, span("services/admin-service/backoffice.py", 26), _default_route()),
        _call(10, PAY, CARDS, span("services/payment-service/payments/cards.py", 11), verdict=None),
    )
    three = (Count(3), ONCE)
    hops = (
        Hop("c1", "500", three, Count(3)),
        Hop("c3", "500", (Count(3), Count(4)), Count(36)),
        Hop("c4", "503", (Count(4), ONCE), Count(144)),
    )
    rows = (
        AmplificationView(
            GATE,
            BOOK,
            Count(144),
            Count(144),
            None,
            "503",
            (("503", Count(144)), ("connect-failure", Count(36))),
            ("c1", "c3", "c4"),
            Precision.EXACT,
            hops,
        ),
        AmplificationView(
            GATE, PAY, Count(36), Count(36), None, "503", (("503", Count(36)),), ("c1", "c3"), Precision.EXACT, hops[:2]
        ),
        AmplificationView(
            GATE,
            RESERVE,
            Count(36),
            Count(36),
            None,
            "503",
            (("503", Count(36)),),
            ("c1", "c2"),
            Precision.UPPER_BOUND,
            (hops[0], Hop("c2", "503", (Count(3), Count(4)), Count(36))),
        ),
        AmplificationView(
            GATE, CARDS, Count(36), Count(36), None, "500", (("500", Count(36)),), ("c1", "c3", "c10"), Precision.EXACT
        ),
        AmplificationView(
            QUOTES,
            QUOTE,
            Count(3),
            Count(3),
            None,
            "grpc-unavailable",
            (("grpc-unavailable", Count(3)),),
            ("c6",),
            Precision.EXACT,
        ),
        AmplificationView(
            CASE, READ, Count(4), Count(4), None, "503", (("503", Count(4)),), ("c7", "c8"), Precision.EXACT
        ),
    )
    load = tuple(LoadView(o, Count(n), Precision.EXACT) for o, n in ((BOOK, 144), (CARDS, 36), (PAY, 36), (PLACE, 3)))
    paths = (
        PathView(
            "broken",
            CANCEL.service,
            REFUND,
            (),
            denied.because,
            (),
            "POST /v1/orders/{order_id}/cancel asks for it and gets 403",
        ),
        PathView(
            "bypass",
            CASE.service,
            READ,
            (ADMIN,),
            (
                Evidence(
                    "support-desk is not among the principals", span("deploy/istio/payment-service-access.yaml", 27)
                ),
                Evidence("admin-service has no policy", span("deploy/base/admin-service.yaml", 1)),
            ),
            (Evidence("an AuthorizationPolicy on admin-service"),),
            "reads payments through the back office",
        ),
        PathView(
            "open",
            "none",
            ARCHIVE,
            (),
            (Evidence("PERMISSIVE", span("deploy/istio/mesh-mtls.yaml", 19)),),
            (),
            "reachable without an identity",
        ),
    )
    findings = (
        Finding(
            "PA004",
            Severity.ERROR,
            Confidence.HIGH,
            "'*' inside a path is a literal: POST /v1/payments/42/refund is denied",
            span("deploy/istio/payment-service-access.yaml", 21, 42),
            denied.because,
            "refund",
        ),
        Finding(
            "RA001",
            Severity.ERROR,
            Confidence.HIGH,
            "one request at storefront POST /checkout becomes up to 144 at ledger POST /entries",
            span(_ORDERS, 11),
            tuple(
                Evidence(f"{n} x", span(p, x))
                for n, p, x in (
                    (3, _ORDERS, 11),
                    (3, _CLIENTS, 11),
                    (4, "deploy/istio/payment-service.yaml", 13),
                    (4, _LEDGER, 14),
                )
            ),
            "ledger",
        ),
        Finding(
            "RA006",
            Severity.WARNING,
            Confidence.MEDIUM,
            "trafficPolicy.retries does not exist in Istio and is dropped",
            span("deploy/istio/inventory-service.yaml", 21),
            (),
            "inventory-service",
        ),
    )
    diagnostics = (
        Diagnostic.at(
            span("deploy/istio/order-service-canary.yaml", 44),
            Code.UNKNOWN_FIELD,
            field="$.spec.trafficPolicy.connectionPool.http.h2UpgradePolicy",
        ),
        Diagnostic.at(span("legacy/old.py", 3), Code.SYNTAX, detail="Missing parentheses in call to 'print'"),
    )
    return Report(
        services=_services(calls),
        calls=calls,
        amplification=tuple(sorted(rows, key=lambda r: (r.entry, r.target))),
        scenarios=(ScenarioView(GATE, BOOK, "503", load),),
        paths=paths,
        findings=findings,
        diagnostics=diagnostics,
        coverage=Coverage(58, 44, 210, "1.32", "the newest modelled"),
    )


def _services(calls: tuple[CallView, ...]) -> tuple[ServiceView, ...]:
    operations: dict[str, set[str]] = {}
    called = {c.callee for c in calls}
    for call in calls:
        for end in (call.caller, call.callee):
            operations.setdefault(end.service, set()).add(end.name)
    entries = {c.caller.service for c in calls if c.caller not in called}
    return tuple(_service(i, names, i in entries) for i, names in sorted(operations.items()))


def _service(identity: str, names: set[str], entry: bool) -> ServiceView:
    namespace, _, name = identity.partition("/")
    if identity.startswith("external:"):
        return ServiceView(identity, "", identity.removeprefix("external:"), operations=tuple(sorted(names)))
    return ServiceView(
        identity,
        namespace,
        name,
        f"cluster.local/ns/{namespace}/sa/{name}",
        "istio-sidecar",
        "STRICT",
        tuple(sorted(names)),
        "gateway" if entry else None,
    )


def system(services: int, seed: int = 7) -> Report:
    """A layered system of that many services, with a few hot chains, denied calls and externals."""
    dice = random.Random(seed)
    tiers = min(7, max(2, services // 3))
    tier = [index * tiers // services for index in range(services)]
    names = [
        Operation(f"ns{i % 7}/{dice.choice(_WORDS)}-{i}", f"POST /v1/{dice.choice(_WORDS)}") for i in range(services)
    ]
    calls: list[CallView] = []
    for index, callee in enumerate(names):
        near = [n for n, where in zip(names, tier, strict=True) if tier[index] - 2 <= where < tier[index]]
        for caller in dice.sample(near, k=min(len(near), 1 + (dice.random() < 0.3))):
            attempts = dice.choice([1, 1, 1, 1, 2, 3, 4])
            file = span(f"services/{caller.service.rpartition('/')[2]}/client.py", 10 + index)
            layers = (
                (layer("app", "tenacity", attempts, f"stop_after_attempt({attempts})", file),) if attempts > 1 else ()
            )
            verdict = Verdict(Decision.DENIED if dice.random() < 0.04 else Decision.ALLOWED)
            calls.append(_call(len(calls), caller, callee, file, *layers, verdict=verdict))
    return Report(services=_services(tuple(calls)), calls=tuple(calls), amplification=_walk(tuple(calls)))


def _walk(calls: tuple[CallView, ...]) -> tuple[AmplificationView, ...]:
    """The worst chain from every entry to every operation, by brute force."""
    called = {c.callee for c in calls}
    outgoing: dict[Operation, list[CallView]] = {}
    for call in calls:
        outgoing.setdefault(call.caller, []).append(call)
    rows: list[AmplificationView] = []
    for entry in sorted({c.caller for c in calls} - called):
        best: dict[Operation, tuple[Count, tuple[str, ...]]] = {entry: (ONCE, ())}
        todo = [entry]
        while todo:
            here = todo.pop()
            for call in outgoing.get(here, []):
                count, chain = best[here]
                reached = (count * call.gain.worst, (*chain, call.id))
                if call.callee not in best or best[call.callee][0] < reached[0]:
                    best[call.callee] = reached
                    todo.append(call.callee)
        rows += [
            AmplificationView(entry, t, n, n, None, "503", (("503", n),), chain, Precision.EXACT)
            for t, (n, chain) in sorted(best.items())
            if t != entry
        ]
    return tuple(rows)


_WORDS = ("basket", "stock", "prices", "search", "mail", "users", "loyalty", "tax", "fraud", "media", "ratings", "feed")
