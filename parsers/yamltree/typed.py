"""Values read as the type that is expected of them.

Source: sigs.k8s.io/yaml (YAML 1.1 scalars); apimachinery ``IntOrString``; Go durations.
Errors: none; what is of another type is recorded at the value, and read as the default.
"""

from __future__ import annotations

from typing import TypeVar

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as RawNode

from parsers.diagnostics import Code
from parsers.quantities import go_duration_s
from parsers.source import Span
from parsers.yamltree.composing import Source, is_template, short
from parsers.yamltree.scalars import FALSE, TRUE, plain_type, real, whole

D = TypeVar("D")


class Typed:
    """The part of a node that reads one value: a node is one, and knows where it stands."""

    __slots__ = ("_ignored", "_raw", "_source")

    _raw: RawNode | None
    _source: Source
    _ignored: frozenset[str] | None

    @property
    def route(self) -> str:
        """The way from the root: ``$.spec.http[0].retries``."""
        raise NotImplementedError

    @property
    def span(self) -> Span:
        """The value's span; where there is none, that of the nearest value around it."""
        raise NotImplementedError

    def text(self, default: D) -> str | D:
        """A string. A number or a boolean is taken as written, and reported: Kubernetes refuses it there."""
        value = self._scalar("a string")
        if value is None:
            return default
        if not self._quoted and plain_type(value) != "a string":
            self._wrong_type("a string")
        return value

    def scalar(self, default: D) -> str | D:
        """Any scalar as written: where numbers and booleans are as good as strings (docker-compose)."""
        value = self._scalar("a scalar")
        return default if value is None else value

    def integer(self, default: D) -> int | D:
        """A whole number; one in quotes is taken and reported."""
        value = self._scalar("a whole number")
        number = None if value is None else whole(value)
        if number is None:
            if value is not None:
                self._wrong_type("a whole number")
            return default
        if self._quoted:
            self._wrong_type("a whole number")
        return number

    def count(self, default: D) -> int | D:
        """A whole number >= 0."""
        number = self.integer(None)
        if number is None:
            return default
        if number < 0:
            self.invalid(f"{number} is negative")
            return default
        return number

    def number(self, default: D) -> float | D:
        """Any number; one in quotes is taken and reported."""
        value = self._scalar("a number")
        number = None if value is None else real(value)
        if number is None:
            if value is not None:
                self._wrong_type("a number")
            return default
        if self._quoted:
            self._wrong_type("a number")
        return number

    def boolean(self, default: D) -> bool | D:
        """A YAML 1.1 boolean; one in quotes is taken and reported."""
        value = self._scalar("a boolean")
        if value is None:
            return default
        if self._quoted or value not in TRUE | FALSE:
            self._wrong_type("a boolean")
        return True if value in TRUE else False if value in FALSE else default

    def port(self, default: D) -> int | str | D:
        """An IntOrString: a number, or a name; a number in quotes is a number, and reported."""
        value = self._scalar("a port number or name")
        if value is None:
            return default
        number = whole(value)
        if number is not None and self._quoted:
            self._wrong_type("a port number or name")
        return value if number is None else number

    def duration_s(self, default: D) -> float | D:
        """Seconds of a Go duration (``2s``, ``1m30s``)."""
        value = self._scalar("a duration")
        if value is None:
            return default
        seconds = go_duration_s(value)
        if seconds is None:
            self.invalid(f"{value!r} is not a duration such as 2s or 500ms")
            return default
        return seconds

    def value(self) -> str | int | float | bool | None:
        """A scalar as the type it has; never reports anything."""
        if not isinstance(self._raw, ScalarNode):
            return None
        written: str = self._raw.value
        if self._quoted or plain_type(written) == "a string":
            return written
        if plain_type(written) == "a boolean":
            return written in TRUE
        number = whole(written)
        return real(written) if number is None else number

    def written(self) -> str:
        """A scalar as written, or an empty string; never reports anything."""
        return self._raw.value if isinstance(self._raw, ScalarNode) else ""

    def invalid(self, detail: str) -> None:
        """Report that the value is of the right type and still means nothing."""
        if isinstance(self._raw, MappingNode):
            self._ignored = None
        self._source.report(self.span, Code.INVALID_VALUE, field=self.route, detail=detail)

    @property
    def _quoted(self) -> bool:
        return self._raw is not None and bool(getattr(self._raw, "style", None))

    def _scalar(self, expected: str) -> str | None:
        if self._raw is None:
            return None
        if not isinstance(self._raw, ScalarNode):
            self._wrong_type(expected)
            return None
        value: str = self._raw.value
        if self._source.templated and self._raw.style not in ("|", ">") and is_template(value):
            self._source.report(self.span, Code.TEMPLATE, detail=f"the value {short(value)} is not known")
        return value

    def _wrong_type(self, expected: str) -> None:
        self._ignored = None  # what is wrong as a whole is not reported key by key
        raw = self._raw
        if isinstance(raw, ScalarNode):
            got = f"the string {raw.value[:40]!r}" if raw.style else plain_type(raw.value)
        else:
            got = "a sequence" if isinstance(raw, SequenceNode) else "a mapping"
        if (
            isinstance(raw, MappingNode)
            and self._source.templated
            and any(not isinstance(key, ScalarNode) for key, _ in raw.value)
        ):
            self._source.report(self.span, Code.TEMPLATE, detail="{{ }} outside quotes is not known")
        else:
            self._source.report(self.span, Code.WRONG_TYPE, field=self.route, expected=expected, got=got)
