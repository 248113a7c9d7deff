"""Which namespaces are production: by configuration, by label, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from fnmatch import fnmatchcase

_PRODUCTION = re.compile(r"(^|[-_.])(prod|production|live|prd)($|[-_.0-9])")
_TESTING = re.compile(
    r"(^|[-_.])(stag(e|ing)|stg|dev|develop(ment)?|tests?|testing|qa|chaos|sandbox|preview|demo|ci|uat|perf|load)($|[-_.0-9])"
)
#: Labels in which teams write the environment of a namespace.
_LABELS = ("environment", "env", "stage", "tier", "app.kubernetes.io/environment", "environment.type")


class Environment(Enum):
    """Production, one for testing, or nothing says."""

    PRODUCTION = "production"
    TESTING = "testing"
    UNSTATED = "unstated"


def environment(namespace: str, labels: Mapping[str, str], production: tuple[str, ...]) -> Environment:
    """Decide by configuration first (glob patterns), then labels, then the name's parts."""
    if production:
        found = any(fnmatchcase(namespace, pattern) for pattern in production)
        return Environment.PRODUCTION if found else Environment.TESTING
    for text in (*(labels[key] for key in _LABELS if key in labels), namespace):
        if _PRODUCTION.search(text.lower()):
            return Environment.PRODUCTION
        if _TESTING.search(text.lower()):
            return Environment.TESTING
    return Environment.UNSTATED
