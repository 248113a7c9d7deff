"""Cilium: what its policies let through, and what its node proxies repeat without being asked.

Source: cilium/cilium v1.19 (pkg/policy, pkg/envoy/xds_server.go); each module names the code it follows.
Shape: one public ``Semantics``; a part in a call only where an HTTP rule redirects it to a node proxy, a say in a
request only where the repository holds policies of Cilium. Kubernetes' own policies are then read here, too: Cilium
joins both kinds, so that what one of them allows is allowed.
"""

from __future__ import annotations

from analyzer.semantics import Semantics
from analyzer.semantics.cilium.groups import groups
from analyzer.semantics.cilium.retries import passage
from analyzer.semantics.cilium.verdicts import verdict

CILIUM = Semantics(
    name="cilium",
    member=lambda _pod, _mesh: None,
    passage=passage,
    verdict=verdict,
    mtls=lambda _service, _port, _mesh: None,
    groups=groups,
)
