"""What a repository asks for itself: ``[tool.meshgain]`` in ``pyproject.toml``, or ``meshgain.toml``.

Shape: ``meshgain.toml`` wins over ``pyproject.toml``; the command line wins over both.
Errors: ``ConfigurationError``, one line that names the file, the key and what it takes.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from analyzer.options import Assumption, Intent, Limit, Options
from analyzer.suppressions import Suppression
from parsers.source import SourceFile, Span, Tree

FILES = ("meshgain.toml", "pyproject.toml")

FAIL_ON = ("note", "warning", "error", "never")
_LEVELS = ("off", "note", "warning", "error")
_INTENTS = ("never", "only", "must")


class ConfigurationError(Exception):
    """The configuration does not say what we can do."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Options and what else a file may set. ``None``: not said there."""

    options: Options = Options()  # noqa: RUF009  # frozen
    fail_on: str | None = None
    baseline: str | None = None
    suppressions: tuple[Suppression, ...] = ()
    path: str | None = None


def configuration(tree: Tree) -> Configuration:
    """What the tree's own file says; an empty configuration where there is none."""
    for path in FILES:
        file = tree.read(path)
        if isinstance(file, SourceFile):
            table = _table(file)
            if table is not None:
                return read_configuration(table, file)
    return Configuration()


def _table(file: SourceFile) -> Mapping[str, object] | None:
    try:
        document: Mapping[str, object] = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        if file.path == "pyproject.toml" and "tool.meshgain" not in file.text:
            return None
        raise ConfigurationError(f"{file.path}: {error}") from error
    if file.path == "meshgain.toml":
        return document
    tool = document.get("tool")
    table = tool.get("meshgain") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError(f"{file.path}: tool.meshgain must be a table")
    return table


def read_configuration(table: Mapping[str, object], file: SourceFile) -> Configuration:
    """Turn a TOML table into a configuration."""
    unknown = sorted(set(table) - set(_READERS))
    if unknown:
        near = difflib.get_close_matches(unknown[0], _READERS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(_READERS))}"
        raise ConfigurationError(f"{file.path}: unknown key {unknown[0]!r}{hint}")
    read = {key.replace("-", "_"): _READERS[key](_Value(file, key, value)) for key, value in table.items()}
    names = {field.name for field in fields(Options)}
    if isinstance(read.get("max_amplification"), tuple):
        read["limits"] = read.pop("max_amplification")
    renamed = {_OPTION_NAMES.get(key, key): value for key, value in read.items()}
    options = Options(**{k: v for k, v in renamed.items() if k in names})  # type: ignore[arg-type]  # each reader's type
    rest = {k: v for k, v in renamed.items() if k not in names}
    return Configuration(options, path=file.path, **rest)  # type: ignore[arg-type]  # each reader's type


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of the file, with where it stands for messages."""

    file: SourceFile
    key: str
    value: object

    def wrong(self, expected: str) -> ConfigurationError:
        return ConfigurationError(f"{self.file.path}: {self.key} must be {expected}, not {self.value!r}")

    def at(self, key: str, value: object) -> _Value:
        return _Value(self.file, f"{self.key}.{key}", value)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("a string")
        return self.value

    def count(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 1:
            raise self.wrong("a whole number of at least 1")
        return self.value

    def items(self) -> tuple[_Value, ...]:
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return tuple(self.at(str(i), v) for i, v in enumerate(self.value))

    def table(self) -> Mapping[str, _Value]:
        if not isinstance(self.value, dict):
            raise self.wrong("a table")
        return {k: self.at(k, v) for k, v in self.value.items()}

    def one_of(self, *words: str) -> str:
        if self.value not in words:
            raise self.wrong(f"one of {', '.join(words)}")
        return str(self.value)

    def span(self, needle: str = "") -> Span:
        """The line of the file that holds the needle (or the key): TOML's parser keeps no positions."""
        wanted = needle or self.key.partition(".")[0]
        lines = self.file.text.splitlines()
        line = next((n for n, text in enumerate(lines, 1) if wanted in text), 1)
        return Span(self.file.path, line, 1, line, len(lines[line - 1]) + 1 if lines else 1)


def istio_version(text: str) -> tuple[int, ...]:
    """``1.23`` or ``1.23.4`` as numbers; raises ``ValueError`` for anything else."""
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", text):
        raise ValueError(f"an Istio version is MAJOR.MINOR, such as 1.23, not {text!r}")
    return tuple(int(part) for part in text.split("."))


def assumption(text: str) -> Assumption:
    """``caller->callee: attempts=1``; raises ``ValueError`` for anything else."""
    found = re.fullmatch(r"\s*(.+?)\s*->\s*(.+?)\s*:\s*attempts\s*=\s*(\d+)\s*", text)
    if not found or int(found[3]) < 1:
        raise ValueError(f"an assumption reads 'caller->callee: attempts=N' with N of at least 1, not {text!r}")
    return Assumption(found[1], found[2], int(found[3]))


def _version(value: _Value) -> tuple[int, ...]:
    try:
        return istio_version(value.text())
    except ValueError as error:
        raise ConfigurationError(f"{value.file.path}: {value.key}: {error}") from error


def _assumption(value: _Value) -> Assumption:
    try:
        return assumption(value.text())
    except ValueError as error:
        raise ConfigurationError(f"{value.file.path}: {value.key}: {error}") from error


def _assumptions(value: _Value) -> tuple[Assumption, ...]:
    return tuple(_assumption(item) for item in value.items())


def _texts(value: _Value) -> tuple[str, ...]:
    return tuple(item.text() for item in value.items())


def _code(value: _Value) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((folder.strip("/"), service.text()) for folder, service in value.table().items()))


def _rules(value: _Value) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((rule, level.one_of(*_LEVELS)) for rule, level in value.table().items()))


def _limits(value: _Value) -> int | tuple[Limit, ...]:
    """One number for all, or one for each entry or service: ``"shop/storefront" = 12``."""
    if isinstance(value.value, dict):
        return tuple(sorted(Limit(name, item.count()) for name, item in value.table().items()))
    return value.count()


def _intents(value: _Value) -> tuple[Intent, ...]:
    return tuple(_intent(item) for item in value.items())


def _intent(value: _Value) -> Intent:
    table = value.table()
    kinds = [kind for kind in _INTENTS if kind in table]
    if len(kinds) != 1 or set(table) - {*_INTENTS, "reason"}:
        raise value.wrong('one of never, only or must, such as {never = "support -> ledger", reason = "..."}')
    source, arrow, target = table[kinds[0]].text().partition("->")
    if not arrow or not source.strip() or not target.strip():
        raise table[kinds[0]].wrong('"FROM -> TO"')
    reason = table["reason"].text() if "reason" in table else ""
    return Intent(kinds[0], source.strip(), target.strip(), reason)


def _suppressions(value: _Value) -> tuple[Suppression, ...]:
    return tuple(_suppression(item) for item in value.items())


def _suppression(value: _Value) -> Suppression:
    table = value.table()
    if "rule" not in table or set(table) - {"rule", "path", "match", "reason"}:
        raise value.wrong("a table of rule and reason, with path or match to narrow it")
    reason = table["reason"].text().strip() if "reason" in table else ""
    if not reason:
        raise ConfigurationError(f"{value.file.path}: {value.key}: a suppression needs a reason")
    rule = table["rule"].text()
    path = table["path"].text() if "path" in table else "*"
    match = table["match"].text() if "match" in table else ""
    return Suppression(rule, reason, value.span(rule), path, match)


_READERS: Mapping[str, Callable[[_Value], object]] = {
    "istio-version": _version,
    "entries": _texts,
    "exclude": _texts,
    "production": _texts,
    "destination-rule-retries": lambda value: value.one_of("count", "ignore"),
    "code": _code,
    "assume": _assumptions,
    "intents": _intents,
    "rules": _rules,
    "max-amplification": _limits,
    "fail-on": lambda value: value.one_of(*FAIL_ON),
    "baseline": _Value.text,
    "suppress": _suppressions,
}

#: Where the key's name and the field's differ.
_OPTION_NAMES = {"assume": "assumptions", "suppress": "suppressions"}
