"""One place where policies are enforced, and its decision about a request: which rule decides, or what is missing.

Source: istio/api security/v1beta1/authorization_policy.proto:23-33; istio/istio
pilot/pkg/security/authz/builder/builder.go:112-141 (the order: CUSTOM, DENY, ALLOW).
Shape: three-valued. What is not known counts only where it can change the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.model import Decision, Verdict
from analyzer.requestsets.classes import TooManyError
from analyzer.requestsets.conditions import Condition, Values, attributes, either, every, given, negation
from analyzer.requestsets.patterns import Pattern
from analyzer.requestsets.questions import Universe
from analyzer.semantics.istio.authorization_scope import Policies
from parsers.facts.istio import AuthorizationPolicy, AuthorizationRule


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule, the condition under which it matches, and where it is written. ``number`` counts from 1."""

    policy: AuthorizationPolicy
    number: int
    rule: AuthorizationRule
    condition: Condition

    @property
    def evidence(self) -> Evidence:
        name = f"{self.policy.meta.ns}/{self.policy.meta.name}"
        return Evidence(f"AuthorizationPolicy {name} ({self.policy.action}), rule {self.number}", self.rule.span)


@dataclass(frozen=True, slots=True)
class Place:
    """All rulings at one place. ``allowing`` are its ALLOW policies: with any, what no rule allows is denied."""

    custom: tuple[Ruling, ...]
    deny: tuple[Ruling, ...]
    allow: tuple[Ruling, ...]
    allowing: tuple[AuthorizationPolicy, ...]

    @property
    def condition(self) -> Condition:
        """What is let through, as far as no custom authorizer objects."""
        denied = either(r.condition for r in self.deny)
        return every((self.allowed, negation(denied)))

    @property
    def allowed(self) -> Condition:
        return either(r.condition for r in self.allow) if self.allowing else True

    def given(self, known: Mapping[str, Values]) -> Place:
        """What is left of it when these attributes are known; rulings that cannot match any more are gone."""
        return Place(_left(self.custom, known), _left(self.deny, known), _left(self.allow, known), self.allowing)


#: A rule's condition, or ``None`` where it is dropped.
Compile = Callable[[AuthorizationPolicy, AuthorizationRule], Condition | None]


def place(policies: Policies, compiled: Compile) -> Place:
    """The policies with their rules turned into conditions. A policy without rules matches nothing."""
    return Place(
        custom=_rulings(policies.custom, compiled),
        deny=_rulings(policies.deny, compiled),
        allow=_rulings(policies.allow, compiled),
        allowing=policies.allow,
    )


def _rulings(policies: Iterable[AuthorizationPolicy], compiled: Compile) -> tuple[Ruling, ...]:
    return tuple(
        Ruling(policy, number, rule, condition)
        for policy in policies
        for number, rule in enumerate(policy.rules or (), start=1)
        if (condition := compiled(policy, rule)) is not None
    )


def _left(rulings: Iterable[Ruling], known: Mapping[str, Values]) -> tuple[Ruling, ...]:
    left = (Ruling(r.policy, r.number, r.rule, given(r.condition, known)) for r in rulings)
    return tuple(r for r in left if r.condition is not False)


def decision(where: Place, known: Mapping[str, Values], narrowed: Mapping[str, Pattern]) -> Verdict:
    """Decide about a request of which ``known`` is known; ``narrowed`` says what unknown attributes can be."""
    left = where.given(known)
    always = next((r for r in left.deny if r.condition is True), None)
    if always:
        return Verdict(Decision.DENIED, (always.evidence,), refused=True)
    universe = Universe([left.condition, left.allowed], narrowed)
    try:
        answer = universe.constant(left.condition)
        if answer is None:
            because = tuple(r.evidence for r in (*left.deny, *left.allow))
            return Verdict(Decision.UNKNOWN, because, universe.depends_on(left.condition))
        if not answer:
            return _denied(left, allowed=universe.constant(left.allowed) is not False)
    except TooManyError:
        return Verdict(Decision.UNKNOWN, (), attributes(left.condition))
    return _consulted(left, narrowed)


def _denied(left: Place, *, allowed: bool) -> Verdict:
    if allowed:
        return Verdict(Decision.DENIED, tuple(r.evidence for r in left.deny), refused=True)
    return Verdict(Decision.DENIED, tuple(_unmatched(p) for p in left.allowing))


def _unmatched(policy: AuthorizationPolicy) -> Evidence:
    what = "no rule of it matches" if policy.rules else "it has no rules, so it allows nothing"
    return Evidence(f"AuthorizationPolicy {policy.meta.ns}/{policy.meta.name} (ALLOW): {what}", policy.span)


def _consulted(left: Place, narrowed: Mapping[str, Pattern]) -> Verdict:
    """The policies allow it; a custom authorizer may still say no."""
    allowing = [r for r in left.allow if r.condition is True] or left.allow
    because = tuple(r.evidence for r in allowing[:1]) or (Evidence("no ALLOW policy selects the workload"),)
    if not left.custom:
        return Verdict(Decision.ALLOWED, because)
    asked = either(r.condition for r in left.custom)
    needs = [f"the answer of the authorizer {r.policy.provider or '?'}" for r in left.custom]
    try:
        needs.extend(Universe([asked], narrowed).depends_on(asked))
    except TooManyError:
        needs.extend(attributes(asked))
    return Verdict(Decision.UNKNOWN, (*because, *(r.evidence for r in left.custom)), tuple(dict.fromkeys(needs)))
