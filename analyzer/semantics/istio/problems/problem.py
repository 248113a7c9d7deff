"""What is wrong with Istio configuration in a way that changes an answer: codes, and the effect each has.

Source: istio/istio pkg/config/analysis/msg/messages.yaml for the codes beside ours; what ``istioctl analyze`` has no
code for has none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from analyzer.findings import Evidence
from parsers.facts import Meta
from parsers.source import Span


class Code(Enum):
    """Each with istioctl's code for the same, where it has one."""

    REFUSED = ("refused", "IST0106")
    DECLARED_RETRIES = ("declared-retries", "")
    INERT_TRY_TIMEOUT = ("inert-per-try-timeout", "")
    UNKNOWN_HOST = ("unknown-host", "IST0101")
    UNKNOWN_PORT = ("unknown-port", "IST0101")
    UNKNOWN_SUBSET = ("unknown-subset", "IST0101")
    UNKNOWN_GATEWAY = ("unknown-gateway", "IST0101")
    UNKNOWN_DELEGATE = ("unknown-delegate", "")
    UNKNOWN_SELECTOR = ("unknown-selector", "IST0101")
    UNKNOWN_NAMESPACE = ("unknown-namespace", "IST0101")
    PORT_NEEDED = ("port-needed", "IST0112")
    GENERATED_GATEWAY = ("generated-gateway", "IST0165")
    HOST_NOT_IN_GATEWAY = ("host-not-in-gateway", "IST0132")
    NOT_FOR_MESH = ("not-for-mesh", "")
    SAME_HOST = ("same-host", "IST0109")
    ROUTE_WITHOUT_SUBSET = ("route-without-subset", "IST0140")
    UNREACHABLE = ("unreachable-route", "IST0130")
    COVERED = ("covered-match", "IST0131")
    UNKNOWN_RULE_HOST = ("unknown-rule-host", "IST0174")
    EMPTY_SUBSET = ("empty-subset", "IST0173")
    HIDDEN_RULE = ("hidden-rule", "")
    IGNORED_POLICY = ("ignored-policy", "")
    LOST_BLOCKS = ("lost-blocks", "")
    UNVERIFIED_TOP = ("unverified-server", "IST0128")
    UNVERIFIED_PORT = ("unverified-server-port", "IST0129")
    SAME_GATEWAY = ("same-gateway", "IST0145")
    GATEWAY_PORT = ("gateway-port", "IST0162")
    SAME_SIDECAR = ("same-sidecar", "IST0110")
    SAME_SIDECAR_DEFAULT = ("same-default-sidecar", "IST0111")
    INEFFECTIVE_SIDECAR = ("ineffective-sidecar", "IST0167")
    NO_WORKLOAD = ("policy-without-workload", "IST0127")
    NOT_INJECTED = ("not-injected", "IST0102")
    NO_PROXY = ("no-proxy", "IST0103")
    SEVERAL_LABELS = ("several-injection-labels", "IST0123")
    BY_DEFAULT = ("injected-by-default", "IST0148")
    PORT_NAME = ("port-name", "IST0118")
    EXTERNAL_NAME_PORT = ("external-name-port", "IST0150")
    MIXED_PROTOCOLS = ("mixed-protocols", "IST0116")
    MIXED_PORTS = ("mixed-ports", "IST0137")
    NO_ADDRESS = ("no-address", "IST0134")
    ENTRY_PROTOCOLS = ("entry-protocols", "IST0177")

    @property
    def id(self) -> str:
        return self.value[0]

    @property
    def istio(self) -> str:
        """istioctl's code, or an empty string."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: what is wrong and what it does, at the line that makes it so. ``subject`` is ``Kind ns/name``.

    ``sure`` is false where it rests on something that may just as well be defined outside the repository.
    """

    code: Code
    message: str
    span: Span
    subject: str
    evidence: tuple[Evidence, ...] = ()
    sure: bool = True

    @property
    def sort_key(self) -> tuple[Span, str, str]:
        return (self.span, self.code.id, self.message)


def subject(kind: str, meta: Meta) -> str:
    """How an object is named: ``VirtualService shop/reviews``."""
    return f"{kind} {meta.ns}/{meta.name}"
