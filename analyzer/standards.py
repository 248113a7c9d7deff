"""The standards that the rules check: every statement of the owner's text, and what decides it.

Source: docs/standards.md, generated from here. A statement that no file can decide says why, and what is looked at instead.
Shape: statements in the order of the text; ``rules`` are ids of ``analyzer.rules``; the last section is the checklist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analyzer.context import Context
from analyzer.environments import Environment
from analyzer.findings import Finding
from parsers.facts.istio import AuthorizationPolicy, DestinationRule, PeerAuthentication, Telemetry, VirtualService


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the standards, the rules that check it, and what they cannot see."""

    section: str
    text: str
    rules: tuple[str, ...] = ()
    note: str = ""


def _of(section: str, *rows: tuple[str, str, str]) -> tuple[Statement, ...]:
    return tuple(Statement(section, text, tuple(rules.split()), note) for text, rules, note in rows)


_RUNTIME = "decided at run time, not in files"

STATEMENTS: tuple[Statement, ...] = (
    *_of(
        "Defaults",
        ("Mesh Adoption: No mesh (adopt only when justified); override requires ADR", "AD001 AD002", ""),
        ("Mesh Implementation: Istio; override requires ADR", "AD002", "an ADR must name the mesh that is used"),
        ("mTLS: STRICT mode (mesh-wide); never overridden", "PA001 PA002", ""),
        ("Sidecar Injection: Namespace-level auto-injection; override requires ADR", "AD004", ""),
        ("Traffic Management: VirtualService + DestinationRule; override requires ADR", "TM018", "EnvoyFilter in their place is reported"),
        ("Canary Deployments: Progressive traffic shifting (10→25→50→100%); override requires ADR", "TM005", ""),
        ("Rate Limiting: Mesh-level (Envoy filters); override requires ADR", "TM017", ""),
        ("Observability: Mesh telemetry + OpenTelemetry; override requires ADR", "AD005", ""),
    ),
    *_of(
        "Alternatives",
        ("Linkerd: simpler requirements, lower resource overhead", "AD002", "which alternative fits is a judgement; that it is written down is checked"),
        ("Cilium Service Mesh: eBPF-based, lower latency, no sidecars", "AD002", "as above"),
        ("Consul Connect: multi-cloud / non-Kubernetes environments", "AD002", "as above"),
        ("Ambient mesh (Istio): eliminate per-pod sidecar overhead", "AD002", "as above; ambient semantics are computed"),
        ("Gateway API (GAMMA): standardized mesh routing (Kubernetes-native)", "AD002", "as above"),
    ),
    *_of(
        "When to adopt",
        ("mTLS between all services: mesh required", "PA001", "that it is needed is a judgement; that it is on is checked"),
        ("Fine-grained traffic control (canary, mirroring): mesh required", "TM005 TM009", "as above"),
        ("Uniform resilience policies (retries, timeouts): consider", "RA002 RA006", "stacking and missing per-try timeouts are checked"),
        ("More than 20 services in production: consider", "", "advice to adopt; the number of services is in every report"),
        ("Only 3-5 services: no, overkill", "AD001", ""),
        ("Simple load balancing and health checks: no, use K8s", "AD001", "a mesh that only balances is seen as too few services"),
    ),
    *_of(
        "mTLS rules",
        ("Enable STRICT mTLS mesh-wide. All service-to-service traffic is encrypted.", "PA001", ""),
        ("Use PERMISSIVE mode only during migration from non-mesh services. Set a deadline for migration to STRICT.", "PA002", ""),
        ("The mesh handles certificate rotation automatically. Do not manage service TLS certificates manually.", "PA012", ""),
        ("mTLS provides both encryption and mutual authentication — services verify each other's identity.", "PA001 PA008", "a caller without an identity that gets in is an open path"),
        ("Use AuthorizationPolicy to control which services can communicate (zero-trust).", "PA004 PA006 PA008", ""),
    ),
    *_of(
        "Authorization rules",
        ("Default-deny: no traffic allowed unless explicitly permitted by AuthorizationPolicy.", "PA003 PA014", ""),
        ("Scope authorization to specific HTTP methods and paths, not just service identity.", "PA005 PA007", ""),
        ("Use service account principals for identity-based authorization.", "PA016", ""),
        ("Review authorization policies as part of code review — they are security-critical.", "PA009 PA010 PA011", "meshgain diff shows what a change opens and closes"),
    ),
    *_of(
        "Canary rules",
        ("Start canary at 10% traffic. Increase to 25%, 50%, 100% after observing metrics.", "TM005", ""),
        ("Monitor error rate and latency for the canary subset before increasing traffic.", "TM013", "that an analysis is configured; its values are " + _RUNTIME),
        ("Automate canary promotion with Flagger or Argo Rollouts.", "TM013", ""),
        ("Always define outlier detection to eject unhealthy instances.", "TM006 TM014", ""),
        ("Set connection pool limits to prevent a single destination from consuming all resources.", "TM007", ""),
    ),
    *_of(
        "Mirroring rules",
        ("Use traffic mirroring to test new versions with real production traffic without affecting users.", "TM009", ""),
        ("Mirror a small percentage (5-10%) to avoid doubling infrastructure load.", "TM009", ""),
        ("Ensure the shadow service does not write to production databases or send real notifications.", "TM010", "writes are recognised by the mirrored methods and operations"),
    ),
    *_of(
        "Fault injection rules",
        ("Never inject faults in production. Use staging or dedicated chaos environments.", "TM011", ""),
        ("Test circuit breakers by injecting delays and 503 errors.", "", "whether a test was run is not in the manifests; faults that are written are reported by TM011 where they do not belong"),
        ("Test timeout behavior by injecting delays exceeding the caller's timeout.", "TM012", ""),
        ("Combine with observability to verify alerts fire correctly during fault injection.", "AD005", "that telemetry is configured; whether an alert fired is " + _RUNTIME),
    ),
    *_of(
        "Resilience rules",
        ("Configure resilience at the mesh level for uniform behavior across all services.", "RA002 RA003", ""),
        ("Use mesh-level retries only if application-level retries are not configured. Do not stack both.", "RA001 RA002", ""),
        ("Outlier detection ejects unhealthy pods from the load balancing pool. Set `maxEjectionPercent` to avoid ejecting all instances during widespread issues.", "TM008", ""),
        ("Set perTryTimeout on retries so each attempt has a bounded duration.", "RA006 RA007 RA008", ""),
    ),
    *_of(
        "Do",
        ("Adopt a service mesh only when the complexity is justified (mTLS, traffic control, 20+ services).", "AD001 AD002", ""),
        ("Enable STRICT mTLS mesh-wide for encryption and mutual authentication.", "PA001", ""),
        ("Use AuthorizationPolicy for zero-trust service-to-service access control.", "PA003 PA004", ""),
        ("Use canary deployments with progressive traffic shifting for safe rollouts.", "TM005", ""),
        ("Monitor mesh control plane health (Istiod CPU, memory, xDS push latency).", "AD006", ""),
        ("Test resilience patterns with mesh-level fault injection in staging.", "TM011", "where faults are is checked; whether a test ran is not in files"),
    ),
    *_of(
        "Don't",
        ("Add a mesh to a system with fewer than 5 services. The overhead is not justified.", "AD001", ""),
        ("Use PERMISSIVE mTLS in production long-term. It is a migration aid, not a final state.", "PA002", ""),
        ("Stack mesh-level retries with application-level retries. Choose one layer.", "RA002", ""),
        ("Inject faults in production. Use staging or dedicated chaos environments.", "TM011", ""),
        ("Ignore sidecar resource consumption. Each Envoy sidecar uses CPU and memory.", "AD003", ""),
        ("Skip authorization policies. mTLS authenticates identity but does not authorize access.", "PA006", ""),
        ("Manage TLS certificates manually when the mesh automates rotation.", "PA012", ""),
    ),
    *_of(
        "Pitfalls",
        ("Premature mesh adoption", "AD001 AD002", ""),
        ("Retry amplification", "RA001 RA002", ""),
        ("Sidecar resource starvation", "AD003", ""),
        ("PERMISSIVE mTLS in production", "PA001 PA002", ""),
        ("Missing authorization policies", "PA003 PA004 PA006", ""),
        ("Control plane overload", "AD006", "the load is " + _RUNTIME + "; that somebody watches it is checked"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist: the rules that can fail it, and what shows that it is kept."""

    text: str
    rules: tuple[str, ...]
    kept: Callable[[Context], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """A checklist line's answer: ``pass``, ``fail`` or ``not decidable``, with the findings that fail it."""

    text: str
    status: str
    rules: tuple[str, ...]
    findings: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        return {"text": self.text, "status": self.status, "rules": list(self.rules), "findings": list(self.findings)}


def _meshed(context: Context) -> bool:
    return bool(context.in_mesh)


def _strict(context: Context) -> bool:
    return any(p.mode == "STRICT" for p in context.mesh.all(PeerAuthentication))


def _authorized(context: Context) -> bool:
    return bool(context.mesh.all(AuthorizationPolicy))


def _limits(context: Context) -> bool:
    return bool(context.mesh.all(DestinationRule))


def _canaries(context: Context) -> bool:
    return any(len(r.destinations) > 1 for v in context.mesh.all(VirtualService) for r in v.http)


def _mirrors(context: Context) -> bool:
    return any(r.mirrors for v in context.mesh.all(VirtualService) for r in v.http)


def _staged_faults(context: Context) -> bool:
    return any(
        r.fault is not None and context.environment(v.meta.ns) is Environment.TESTING
        for v in context.mesh.all(VirtualService)
        for r in v.http
    )


def _telemetry(context: Context) -> bool:
    return bool(context.mesh.all(Telemetry))


def _resources(context: Context) -> bool:
    return _meshed(context) and any("sidecar.istio.io/proxyCPU" in p.annotations for p in context.mesh.pods.values())


CHECKLIST: tuple[Line, ...] = (
    Line("Service mesh adoption justified by an ADR with clear rationale.", ("AD001", "AD002"), _meshed),
    Line("STRICT mTLS enabled mesh-wide; PERMISSIVE only for active migrations.", ("PA001", "PA002"), _strict),
    Line("AuthorizationPolicies enforce zero-trust (default deny, explicit allow).", ("PA003", "PA004", "PA006", "PA008", "PA014"), _authorized),
    Line("Sidecar injection enabled at namespace level with resource limits.", ("AD003", "AD004"), _meshed),
    Line("Canary deployment strategy defined with progressive traffic shifting.", ("TM005", "TM013"), _canaries),
    Line("Outlier detection configured to eject unhealthy instances.", ("TM006", "TM008", "TM014"), _limits),
    Line("No stacked retries — retries configured at one layer only (app or mesh).", ("RA002",), lambda c: bool(c.graph.calls)),
    Line("Mesh control plane (Istiod) monitored for CPU, memory, and xDS latency.", ("AD006",), _meshed),
    Line("Fault injection tests run in staging to validate resilience patterns.", ("TM011", "TM012"), _staged_faults),
    Line("Traffic mirroring used for shadow testing new versions.", ("TM009", "TM010"), _mirrors),
    Line("Mesh telemetry integrated with existing OpenTelemetry pipeline.", ("AD005",), _telemetry),
    Line("Sidecar resource requests and limits set via pod annotations.", ("AD003",), _resources),
)  # fmt: skip


def checklist(context: Context, findings: Iterable[Finding]) -> tuple[Answer, ...]:
    """Every line with its answer: a finding fails it; without one it needs something that shows it is kept."""
    by_rule: dict[str, list[str]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding.fingerprint)
    answers: list[Answer] = []
    for line in CHECKLIST:
        failing = tuple(f for rule in line.rules for f in by_rule.get(rule, ()))
        status = "fail" if failing else "pass" if line.kept(context) else "not decidable"
        answers.append(Answer(line.text, status, line.rules, failing))
    return tuple(answers)
