"""The Kubernetes client: urllib3's pool with its default of four attempts.

Source: kubernetes-client/python 37.0.1 kubernetes/client/rest.py, measured.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import CONNECTION, IDEMPOTENT, Amount, RetryIdiom, Role, Written, construct
from parsers.quantities import Count

FOUR = Amount(Count(4))
CONDITION = RetryCondition(causes=(*CONNECTION, "503+retry-after", "429+retry-after"), methods=IDEMPOTENT)
APIS = ("CoreV1Api", "AppsV1Api", "BatchV1Api", "CustomObjectsApi", "NetworkingV1Api", "RbacAuthorizationV1Api",
        "AutoscalingV1Api", "ApiClient", "ApisApi", "StorageV1Api", "PolicyV1Api", "CoordinationV1Api")  # fmt: skip


def api(written: Written) -> Retry | None:
    """``client.CoreV1Api()``."""
    return written.retry("kubernetes.client", FOUR, CONDITION)


KUBERNETES = RetryIdiom(
    "kubernetes", (construct(tuple(f"kubernetes.client.{name}" for name in APIS), Role.CLIENT, api),)
)
