"""Dockerfiles: what the image runs, from which files, with which environment.

Source: Dockerfile reference (continuations, ``# escape``, heredocs, exec and shell form, stages).
Shape: one ``ImageSource``, of the last stage; a stage begins with what the stage it is built ``FROM`` has.
Errors: none; instructions that are not understood say nothing about what runs.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from parsers.facts.kubernetes import ConfigEntry, ImageSource
from parsers.source import SourceFile, Span, Tree

NAME = re.compile(r"(?:Dockerfile|Containerfile)(?:[.-].+)?|.+\.(?:[dD]ockerfile|[cC]ontainerfile)")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*([`\\])\s*", re.I)
_HEREDOC = re.compile(r"<<-?[\"']?(\w+)[\"']?")
_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.S)
_FROM = re.compile(r"(?:--\S+\s+)*(\S+)(?:\s+[aA][sS]\s+(\S+))?")
_VARIABLE = re.compile(r"(?<!\\)\$(?:\{(\w+)(?::?([-+])([^}]*))?\}|(\w+))")
_PAIR = re.compile(r"""([\w.-]+)=("(?:[^"\\]|\\.)*"|'[^']*'|(?:[^\s\\]|\\.)*)""")
_EXEC = re.compile(r"((?:--\S+\s+)*)(\[.*\])", re.S)
_MAX_STAGES = 200


@dataclass(frozen=True, slots=True)
class _Stage:
    """What is known of an image at one instruction."""

    workdir: str | None = None
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    env: tuple[ConfigEntry, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()

    def known(self) -> Mapping[str, str]:
        return {**dict(self.arguments), **{e.key: e.value for e in self.env}}


@dataclass(slots=True)
class _Stages:
    """The stages so far, by number and name; local to one ``read``."""

    finished: dict[str, _Stage] = field(default_factory=dict)
    count: int = 0
    name: str | None = None
    current: _Stage | None = None
    outer: dict[str, str] = field(default_factory=dict)

    def begin(self, base: str, name: str | None) -> None:
        """Finish the stage being read, and start one from ``base``: a stage, or an image that says nothing here."""
        if self.current is not None:
            self.finished[str(self.count - 1)] = self.current
            if self.name:
                self.finished[self.name] = self.current
        self.current = replace(self.finished.get(base.lower(), _Stage()), arguments=())
        self.name = name.lower() if name else None
        self.count += 1


def read(file: SourceFile, _tree: Tree) -> Iterator[object]:
    """The image that the file builds."""
    stages = _Stages()
    for word, rest, span in _instructions(file):
        _apply(stages, word, rest, span)
    last = stages.current
    if last is None:
        return
    yield ImageSource(
        image=None,
        folder=posixpath.dirname(file.path),
        copies=last.copies,
        command=(*last.entrypoint, *last.cmd),
        span=file.whole(),
        dockerfile=file.path,
        workdir=last.workdir,
        env=last.env,
        ports=last.ports,
    )


def _instructions(file: SourceFile) -> Iterator[tuple[str, str, Span]]:
    lines = file.text.splitlines()
    escape = "\\"
    if lines and (found := _ESCAPE.fullmatch(lines[0].strip())):
        escape = found[1]
    at = 0
    while at < len(lines):
        first, text = at, ""
        while at < len(lines):
            line = lines[at].rstrip()
            at += 1
            if line.lstrip().startswith("#") or (not line and text):
                continue
            text += line[:-1] + " " if line.endswith(escape) else line
            if not line.endswith(escape):
                break
        for end in _HEREDOC.findall(text) if text.lstrip()[:4].upper() in ("RUN ", "COPY", "ADD ") else ():
            while at < len(lines) and lines[at].strip() != end:
                at += 1
            at += 1
        found = _INSTRUCTION.fullmatch(text)
        if found:
            span = Span(file.path, first + 1, 1, min(at, len(lines)), len(lines[min(at, len(lines)) - 1]) + 1)
            yield found[1].upper(), found[2].strip(), span


def _apply(stages: _Stages, word: str, rest: str, span: Span) -> None:
    if word == "FROM":
        _begin(stages, rest)
        return
    stage = stages.current
    if stage is None:
        if word == "ARG":
            name, _, value = rest.partition("=")
            stages.outer[name.strip()] = value.strip("\"' ")
        return
    stages.current = _step(stage, word, rest, span, stages.outer)


def _begin(stages: _Stages, rest: str) -> None:
    found = _FROM.match(_expand(rest, stages.outer))
    if found is not None and stages.count < _MAX_STAGES:
        stages.begin(found[1], found[2])


def _step(stage: _Stage, word: str, rest: str, span: Span, outer: Mapping[str, str]) -> _Stage:
    match word:
        case "ARG":
            name, _, value = rest.partition("=")
            known = value.strip("\"' ") or outer.get(name.strip(), "")
            return replace(stage, arguments=(*stage.arguments, (name.strip(), known)))
        case "ENV":
            return replace(stage, env=_with(stage.env, _pairs(rest, stage.known(), span)))
        case "WORKDIR":
            return replace(stage, workdir=posixpath.join(stage.workdir or "/", _expand(rest, stage.known())))
        case "COPY" | "ADD":
            return replace(stage, copies=(*stage.copies, *_sources(_expand(rest, stage.known()))))
        case "EXPOSE":
            numbers = re.findall(r"\b(\d{1,5})\b(?:/\w+)?", _expand(rest, stage.known()))
            return replace(stage, ports=tuple(dict.fromkeys((*stage.ports, *map(int, numbers)))))
        case "ENTRYPOINT":
            return replace(stage, entrypoint=_command(rest), cmd=())
        case "CMD":
            return replace(stage, cmd=_command(rest))
        case _:
            return stage


def _expand(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, operator, word = found[1] or found[4], found[2], found[3] or ""
        if operator == "+":
            return word if known.get(name) else ""
        return known.get(name) or (word if operator == "-" else found[0] if name not in known else "")

    return _VARIABLE.sub(value, text)


def _pairs(rest: str, known: Mapping[str, str], span: Span) -> Iterator[ConfigEntry]:
    pairs = _PAIR.findall(rest)
    if not pairs and " " in rest:  # the old form: ENV NAME the rest
        name, _, value = rest.partition(" ")
        pairs = [(name, value.strip())]
    for name, written in pairs:
        value = written if written.startswith("'") else _expand(written, known)
        yield ConfigEntry(name, re.sub(r"\\(.)", r"\1", value.strip("\"'")), span)


def _with(env: tuple[ConfigEntry, ...], more: Iterator[ConfigEntry]) -> tuple[ConfigEntry, ...]:
    return tuple({entry.key: entry for entry in (*env, *more)}.values())


def _sources(rest: str) -> Iterator[str]:
    """What is taken from the build context: not what other stages made, not the destination, no URL."""
    words = list(_command(rest))
    flags = [word for word in words if word.startswith("--")]
    if any(flag.startswith("--from") for flag in flags):
        return
    for word in [word for word in words if not word.startswith("--")][:-1]:
        if "://" not in word and not word.startswith("<<"):
            yield word


def _command(rest: str) -> tuple[str, ...]:
    """The words of the exec form (JSON), else of the shell form as a shell splits them; flags come first."""
    exec_form = _EXEC.fullmatch(rest)
    if exec_form:
        try:
            words = json.loads(exec_form[2])
        except (ValueError, RecursionError):
            words = None
        if isinstance(words, list):
            return (*exec_form[1].split(), *map(str, words))
    try:
        return tuple(shlex.split(rest))
    except ValueError:
        return tuple(rest.split())
