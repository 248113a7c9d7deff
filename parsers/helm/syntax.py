"""Go templates as trees: text, outputs, conditions, loops, definitions.

Source: Go text/template (actions, ``{{-`` trimming, pipelines, variables).
Errors: ``TemplateError`` for what does not parse; the caller then treats the file as unrendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_DEPTH = 60
MAX_TEXT = 500_000
MAX_ACTIONS = 5_000

#: Bounded and without braces outside strings, so that no text makes it slow.
_ACTION = re.compile(
    r"\{\{(-(?=\s))?\s{0,100}"
    r"(/\*(?s:.){0,20000}?\*/|(?:\"(?:[^\"\\\n]|\\.){0,2000}\"|`[^`]{0,2000}`|[^\"`{}]){0,2000}?)"
    r"\s{0,100}((?<=\s)-)?\}\}"
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<number>[-+]?\d[\w.]*)|(?P<field>\.[A-Za-z_]\w*)"""
    r"""|(?P<variable>\$\w*)|(?P<word>[A-Za-z_]\w*)|(?P<mark>:=|[()|=,.]))"""
)


class TemplateError(Exception):
    """The text is not a template that is understood."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Access:
    """Fields of the dot (``base`` ``None``), of a variable (its name) or of an expression."""

    base: str | Expression | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """A function and its arguments; the last of them may have come through a pipe."""

    function: str
    arguments: tuple[Expression, ...]


Expression = Literal | Access | Apply


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text, with the offset of its first character."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Output:
    """An action that writes something, or only sets a variable."""

    at: int
    expression: Expression
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """``if`` or ``with``: a condition, what follows when it holds, what else."""

    at: int
    word: str
    variable: str | None
    condition: Expression
    then: tuple[Part, ...]
    orelse: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """``range``: one or two variables, what is walked, the body, what else."""

    at: int
    variables: tuple[str, ...]
    over: Expression
    body: tuple[Part, ...]
    orelse: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Define:
    """A named template."""

    name: str
    body: tuple[Part, ...]


Part = Text | Output | Choice | Range | Define


@dataclass(frozen=True, slots=True)
class _Action:
    at: int
    words: tuple[tuple[str, str], ...]

    @property
    def keyword(self) -> str:
        return self.words[0][1] if self.words and self.words[0][0] == "word" else ""


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a template."""
    if len(text) > MAX_TEXT or text.count("{{") > MAX_ACTIONS:
        raise TemplateError("too large")
    reader = _Reader(list(_pieces(text)))
    parts, end = reader.parts(0)
    if end is not None:
        raise TemplateError(f"{end.keyword} without a beginning")
    return parts


def _pieces(text: str) -> Iterator[Text | _Action]:
    position, trim = 0, False
    for found in _ACTION.finditer(text):
        yield from _text(text, position, found.start(), left=trim, right=bool(found[1]))
        position, trim = found.end(), bool(found[3])
        if not found[2].startswith("/*"):
            yield _Action(found.start(), tuple(_tokens(found[2])))
    yield from _text(text, position, len(text), left=trim, right=False)


def _text(text: str, start: int, end: int, *, left: bool, right: bool) -> Iterator[Text]:
    piece = text[start:end]
    if left:
        start += len(piece) - len(piece.lstrip())
        piece = piece.lstrip()
    if right:
        piece = piece.rstrip()
    if piece:
        yield Text(start, piece)


def _tokens(action: str) -> Iterator[tuple[str, str]]:
    position = 0
    while action[position:].strip():
        found = _TOKEN.match(action, position)
        if found is None or found.lastgroup is None:
            raise TemplateError(f"not understood: {action[position:][:20]}")
        adjacent = position > 0 and found.start(found.lastgroup) == position
        kind = (
            "next" if found.lastgroup == "field" and adjacent and action[position - 1] not in "(|" else found.lastgroup
        )
        yield kind, found[found.lastgroup]
        position = found.end()


class _Reader:
    """Builds blocks from pieces; local to one ``parse``."""

    def __init__(self, pieces: list[Text | _Action]) -> None:
        self._pieces = pieces
        self._at = 0

    def parts(self, depth: int) -> tuple[tuple[Part, ...], _Action | None]:
        """Parts up to ``end`` or ``else``, which is returned, or to the end of the text."""
        if depth > MAX_DEPTH:
            raise TemplateError("nested too deeply")
        found: list[Part] = []
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            self._at += 1
            if isinstance(piece, Text):
                found.append(piece)
            elif piece.keyword in ("end", "else"):
                return tuple(found), piece
            elif piece.words:
                found.append(self._part(piece, depth))
        return tuple(found), None

    def _part(self, action: _Action, depth: int) -> Part:
        match action.keyword:
            case "if" | "with":
                return self._choice(action, action.words[1:], action.keyword, depth)
            case "range":
                variables, over = _declared(action.words[1:])
                body, orelse = self._branches(depth, action)
                return Range(action.at, variables, _expression(over), body, orelse)
            case "define" | "block":
                body, _ = self._branches(depth, action)
                return Define(_string(action.words[1][1]), body)
            case "template":
                return Output(action.at, _expression((("word", "include"), *action.words[1:])))
            case "break" | "continue":
                raise TemplateError("a loop that is left early")
            case _:
                variables, expression = _declared(action.words)
                return Output(action.at, _expression(expression), variables[0] if variables else None)

    def _choice(self, action: _Action, words: tuple[tuple[str, str], ...], keyword: str, depth: int) -> Choice:
        variables, condition = _declared(words)
        then, orelse = self._branches(depth, action)
        name = variables[0] if variables else None
        return Choice(action.at, keyword, name, _expression(condition), then, orelse)

    def _branches(self, depth: int, action: _Action) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        body, end = self.parts(depth + 1)
        if end is None:
            raise TemplateError(f"{action.keyword} without an end")
        if end.keyword == "end":
            return body, ()
        if len(end.words) > 1:  # else if ...: an if of its own that shares this end
            return body, (self._choice(end, end.words[2:], end.words[1][1], depth + 1),)
        orelse, last = self.parts(depth + 1)
        if last is None or last.keyword != "end":
            raise TemplateError("else without an end")
        return body, orelse


def _declared(words: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Variables before ``:=`` or ``=``, and the rest."""
    for i, (kind, text) in enumerate(words[:5]):
        if kind == "mark" and text in (":=", "="):
            return tuple(t for k, t in words[:i] if k == "variable"), words[i + 1 :]
    return (), words


def _expression(words: tuple[tuple[str, str], ...]) -> Expression:
    parser = _Pipeline(words)
    found = parser.pipeline(0)
    if not parser.done:
        raise TemplateError("more than one expression")
    return found


class _Pipeline:
    """Parses one pipeline; local to one action."""

    def __init__(self, words: tuple[tuple[str, str], ...]) -> None:
        self._words = words
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._words)

    def _peek(self) -> tuple[str, str]:
        return ("", "") if self.done else self._words[self._at]

    def pipeline(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise TemplateError("nested too deeply")
        found = self._command(depth, ())
        while self._peek() == ("mark", "|"):
            self._at += 1
            found = self._command(depth, (found,))
        return found

    def _command(self, depth: int, piped: tuple[Expression, ...]) -> Expression:
        kind, text = self._peek()
        if kind == "word" and text not in ("true", "false", "nil"):
            self._at += 1
            return Apply(text, (*self._arguments(depth), *piped))
        found = self._arguments(depth)
        if piped or not found:
            raise TemplateError("a pipe into what is no function")
        return found[0] if len(found) == 1 else Apply("call", tuple(found))

    def _arguments(self, depth: int) -> list[Expression]:
        found: list[Expression] = []
        while not self.done and self._peek() not in (("mark", "|"), ("mark", ")")):
            found.append(self._operand(depth))
        return found

    def _operand(self, depth: int) -> Expression:
        kind, text = self._peek()
        self._at += 1
        match kind:
            case "string":
                return Literal(_string(text))
            case "number":
                return Literal(_number(text))
            case "word":
                known = {"true": True, "false": False, "nil": None}
                return Literal(known[text]) if text in known else Apply(text, ())
            case "field" | "next":
                return self._access(None, text[1:])
            case "variable":
                return self._access(text)
            case _:
                return self._grouped(text, depth)

    def _grouped(self, text: str, depth: int) -> Expression:
        if text == ".":
            return Access(None, ())
        if text != "(":
            raise TemplateError(f"unexpected {text}")
        inner = self.pipeline(depth + 1)
        if self._peek() != ("mark", ")"):
            raise TemplateError("a bracket is not closed")
        self._at += 1
        return self._access(inner)

    def _access(self, base: str | Expression | None, *fields: str) -> Expression:
        names = list(fields)
        while self._peek()[0] == "next":
            names.append(self._peek()[1][1:])
            self._at += 1
        return base if isinstance(base, (Literal, Access, Apply)) and not names else Access(base, tuple(names))


def _string(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text[1:-1])


def _number(text: str) -> int | float:
    try:
        return int(text, 0) if len(text) < 20 else 0
    except ValueError:
        try:
            return float(text)
        except ValueError as error:
            raise TemplateError(f"not a number: {text}") from error
