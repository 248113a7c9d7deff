"""Handlers as short indented text, so that a test shows the whole tree it expects."""

from __future__ import annotations

from textwrap import dedent

from parsers.facts.python import (
    NOTHING,
    Answer,
    Block,
    Branch,
    Call,
    Check,
    EnvVar,
    Guard,
    Handler,
    Hole,
    Leave,
    Loop,
    Next,
    Parallel,
    Raise,
    Repeat,
    Scope,
    Send,
    Step,
    Template,
)
from parsers.python.reading import read_python
from parsers.source import MemoryTree


def facts(files: dict[str, str]) -> list[object]:
    """Everything read from files given as indented text."""
    return list(read_python(MemoryTree({path: dedent(text) for path, text in files.items()})))


def handlers(files: dict[str, str]) -> dict[str, Handler]:
    """Handlers by method and route."""
    return {f"{f.method} {f.route}": f for f in facts(files) if isinstance(f, Handler)}


def calls(files: dict[str, str]) -> list[Call]:
    return [f for f in facts(files) if isinstance(f, Call)]


def url(template: Template) -> str:
    """``${NAME:default}`` for variables, ``{name}`` for holes."""
    text = ""
    for part in template:
        match part:
            case str():
                text += part
            case EnvVar(name=name, default=default):
                text += f"${{{name}{'' if default is None else ':' + url(default)}}}"
            case Hole(what=what):
                text += f"{{{what}}}"
    return text


def outline(step: Step) -> str:  # noqa: C901 -- one case a step
    """One line a step; keys in the order in which they are met."""
    keys: dict[int, int] = {}

    def key(number: int | None) -> str:
        return "" if number is None else f"k{keys.setdefault(number, len(keys) + 1)}"

    def lines(step: Step, depth: int) -> list[str]:  # noqa: C901, PLR0912 -- one case a step
        def line(text: str) -> str:
            return "  " * depth + text.strip()

        def inner(step: Step) -> list[str]:
            return lines(step, depth + 1)

        match step:
            case Send(call=call, key=number):
                return [line(f"send {call.method} {' | '.join(url(t) for t in call.url)} {key(number)}")]
            case Block(steps=steps):
                return [text for s in steps for text in lines(s, depth)] or [line("nothing")]
            case Repeat(retry=retry, body=body):
                return [line(f"repeat {retry.attempts}"), *inner(body)]
            case Loop(count=count, body=body):
                return [line(f"loop {count if count is not None else 'N'}"), *inner(body)]
            case Parallel(branches=branches, collects=collects):
                head = "parallel, collecting" if collects else "parallel"
                return [line(head), *(t for b in branches for t in (line("-"), *inner(b)))]
            case Branch(options=options):
                return [line("branch"), *(t for o in options for t in (line("|"), *inner(o)))]
            case Check(key=number, statuses=statuses, then=then, orelse=orelse):
                rest = [line("else"), *inner(orelse)] if orelse != NOTHING else []
                return [line(f"if {key(number)} is {','.join(statuses)}"), *inner(then), *rest]
            case Guard(body=body, catches=catches, orelse=orelse, final=final):
                found = [line("try"), *inner(body)]
                for catch in catches:
                    found += [line(f"except {','.join(catch.exceptions)}"), *inner(catch.body)]
                found += [line("orelse"), *inner(orelse)] if orelse != NOTHING else []
                return found + ([line("finally"), *inner(final)] if final != NOTHING else [])
            case Scope(symbol="", body=Answer(status=mark), key=number):
                return [line(f"mark {key(number)} {mark}")]
            case Scope(symbol=symbol, body=body, key=number):
                return [line(f"in {symbol.rpartition('.')[2]} {key(number)}"), *inner(body)]
            case Raise(classes=classes, status=status, key=number):
                return [line(f"raise {classes[0] if classes else 'again'} {status or ''} {key(number)}")]
            case Answer(status=status, key=number):
                return [line(f"answer {status or ''} {key(number)}")]
            case Leave():
                return [line("leave")]
            case Next():
                return [line("next")]

    return "\n".join(lines(step, 0))


def body_of(source: str, name: str = "GET /") -> str:
    """The outline of one handler of one file."""
    return outline(handlers({"app.py": source})[name].body)


def tree(text: str) -> str:
    """An expected outline, written indented."""
    return dedent(text).strip("\n")
