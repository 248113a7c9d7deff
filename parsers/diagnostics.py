"""What we could not read or did not understand in the *input*.

A diagnostic is about our understanding; a finding (``analyzer.findings``) is about the user's system. They never
share a code. ``Pxxx``: reading; ``Lxxx``: linking. A retired code is never used again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from parsers.source import Span


class Code(Enum):
    """Every diagnostic there is: its code and its template."""

    UNREADABLE = ("P001", "cannot read file: {detail}")
    SYNTAX = ("P002", "syntax error: {detail}")
    TOO_DEEP = ("P003", "nested too deeply to read")
    TOO_LARGE = ("P004", "larger than {limit}, not read")
    OUTSIDE = ("P005", "link out of the analysed tree, not followed")
    TEMPLATE = ("P006", "a template: {detail}")
    TRUNCATED = ("P007", "too large to follow completely: {detail}")
    WRONG_TYPE = ("P101", "{field}: expected {expected}, got {got}")
    UNKNOWN_FIELD = ("P102", "{field}: not understood, so not modelled")
    DUPLICATE_KEY = ("P103", "{field}: written twice; the last one counts")
    INVALID_VALUE = ("P104", "{field}: {detail}")
    UNKNOWN_KIND = ("P105", "{kind}: a mesh resource of a kind that is not modelled")
    INTERNAL = ("P900", "internal error ({detail}); the rest of this file is not read")
    UNRESOLVED_HOST = ("L001", "{host}: no service of that name is defined here; taken as {taken}")
    UNRESOLVED_ADDRESS = ("L002", "the address of this call is not known: {detail}")
    UNLINKED_CODE = ("L003", "no workload is known to run the code in {folder}; taken as a service of its own")
    AMBIGUOUS = ("L004", "{detail}")

    @property
    def id(self) -> str:
        return str(self.value[0])

    @property
    def template(self) -> str:
        return str(self.value[1])


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing about the input that limits what the analysis can claim."""

    code: Code
    span: Span
    message: str

    @classmethod
    def at(cls, span: Span, code: Code, **details: object) -> Diagnostic:
        """Fill the code's template."""
        return cls(code, span, code.template.format(**details))

    @property
    def sort_key(self) -> tuple[Span, str, str]:
        return (self.span, self.code.id, self.message)

    def to_dict(self) -> dict[str, object]:
        return {"code": self.code.id, "message": self.message, "span": self.span.to_dict()}
