"""What of Linkerd's configuration does not do what it says."""

from __future__ import annotations

import pytest

from analyzer.linking.mesh import Mesh
from analyzer.semantics.linkerd import LINKERD
from tests.analyzer.semantics.linkerd.shop import resource, shop
from tests.analyzer.semantics.linkerd.test_inbound import SERVER, WHO, policy, tls
from tests.analyzer.semantics.linkerd.test_outbound import ALL, profile, route


def found(mesh: Mesh) -> list[str]:
    return [p.code for p in LINKERD.problems(mesh)]


@pytest.mark.parametrize(
    ("mesh", "codes"),
    [
        (shop(profile(ALL)), []),
        (shop(profile(ALL).replace("c.shop.svc.cluster.local", "c")), ["linkerd-profile-name"]),
        (
            shop(profile(ALL, "{retryRatio: 0.2, minRetriesPerSecond: 10, ttl: 2m}")),
            ["linkerd-refused-budget"],
        ),
        (shop(profile(ALL), route("{}")), ["linkerd-profile-shadows"]),
        (shop(profile(ALL), service="retry.linkerd.io/http: 5xx"), ["linkerd-profile-shadows"]),
        (shop(profile(""), service="retry.linkerd.io/http: 5xx"), []),
        (shop(service="retry.linkerd.io/http: '5xx, 429'"), ["linkerd-unreadable-annotation"]),
        (shop(service="timeout.linkerd.io/request: 1m30s"), ["linkerd-unreadable-annotation"]),
        (shop(service="retry.linkerd.io/http: 5xx, retry.linkerd.io/limit: '0'"), ["linkerd-limit-zero"]),
        (shop(route("{retry: {attempts: 2}}")), ["linkerd-ignores-retry"]),
    ],
    ids=str,
)
def test_retries_that_are_not_what_they_seem(mesh: Mesh, codes: list[str]) -> None:
    assert found(mesh) == codes


def test_policies_that_are_ignored_or_point_nowhere() -> None:
    assert found(shop(SERVER, tls("'*'"), policy(WHO))) == []
    assert found(shop(SERVER, policy(WHO))) == ["linkerd-unknown-authentication"]
    assert found(shop(policy(""))) == ["linkerd-unknown-server"]
    two = policy(f"{WHO}, {{kind: ServiceAccount, name: a}}")
    assert found(shop(SERVER, tls("'*'"), two)) == ["linkerd-two-identities"]


def test_a_policy_for_a_namespace_needs_no_server() -> None:
    whole = resource("AuthorizationPolicy", "{targetRef: {kind: Namespace, name: shop}}", "p")
    assert found(shop(whole)) == []
