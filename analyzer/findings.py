"""What is wrong with the user's system, and the lines it follows from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from parsers.source import Span


class Severity(IntEnum):
    """How bad; ordered, so that ``severity >= threshold`` reads as it should."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


class Confidence(IntEnum):
    """How sure."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line that an answer follows from. ``span`` is ``None`` for what no line says (a default): ``text`` cites."""

    text: str
    span: Span | None = None

    def to_dict(self) -> dict[str, object]:
        return {"text": self.text, "span": self.span.to_dict() if self.span else None}


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. ``subject`` names what it is about without lines, so that the fingerprint survives edits."""

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    span: Span
    evidence: tuple[Evidence, ...] = ()
    subject: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for the same problem when lines move."""
        key = "\0".join((self.rule, self.span.path, self.subject or self.message))
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    @property
    def sort_key(self) -> tuple[Span, str, str]:
        return (self.span, self.rule, self.message)

    def to_dict(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "severity": self.severity.name.lower(),
            "confidence": self.confidence.name.lower(),
            "message": self.message,
            "span": self.span.to_dict(),
            "evidence": [e.to_dict() for e in self.evidence],
            "fingerprint": self.fingerprint,
        }
