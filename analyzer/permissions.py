"""Questions about permissions: one request, one service's callers, a file of requests, or everything.

Errors: ``NamingError`` for a name that is not clear, ``access.QuestionError`` for a question that is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analyzer import naming
from analyzer.access import NOBODY, answer, question, read_questions
from analyzer.model import Operation, Verdict
from analyzer.report import AccessView, Report

if TYPE_CHECKING:
    from analyzer.linking.mesh import Mesh
    from analyzer.options import Options
    from analyzer.pipeline import Study


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one request."""

    source: str
    target: str
    verdict: Verdict

    def to_dict(self) -> dict[str, object]:
        return {"from": self.source, "to": self.target, **self.verdict.to_dict()}


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of the matrix: who may ask for what."""

    report: Report
    rows: tuple[AccessView, ...]

    def to_dict(self) -> dict[str, object]:
        return {"access": [row.to_dict() for row in self.rows]}


def ask(mesh: Mesh, options: Options, source: str, target: str, parts: Mapping[str, object]) -> Answered:
    """One request to a service, or to one of its operations, which then gives method and path where none are named."""
    name, _, operation = target.strip().partition(" ")
    service = naming.service(name, mesh.services)
    asked = {**_parts(mesh, target, operation), **parts}
    request = question({**asked, "from": _caller(mesh, source), "to": service}, mesh)
    if request.path is not None and "{" in request.path:
        request = replace(request, open_path=True)  # an operation's path: what is in braces is any segment
    return Answered(source, service, answer(request, mesh, options))


def matrix(study: Study, source: str | None, target: str | None) -> Matrix:
    """The rows of the matrix that the named end is in; all where none is named."""
    mesh = study.mesh
    sources = _principals(mesh, source)
    known = sorted({*_operations(mesh), *study.reachability.matrix.cells})
    targets = set(naming.operation(target, known)) if target else None
    rows = tuple(
        AccessView(a.source, a.to, a.verdict)
        for a in study.reachability.access()
        if (sources is None or a.source in sources) and (targets is None or a.to in targets)
    )
    return Matrix(study.report, rows)


def _parts(mesh: Mesh, target: str, operation: str) -> dict[str, object]:
    if not operation.strip():
        return {}
    method, _, path = operation.strip().partition(" ")
    if path:
        return {"method": method, "path": path}
    found = naming.operation(target, _operations(mesh))[0].name
    if found.startswith("/"):
        return {"method": "POST", "path": found}
    method, _, path = found.partition(" ")
    return {"method": method, "path": path} if path else {}


def _caller(mesh: Mesh, source: str) -> str:
    """``none``, a service's id, or a principal as it is."""
    if source == NOBODY or "/ns/" in source or source.startswith("spiffe://"):
        return source
    return naming.service(source, mesh.services)


def _principals(mesh: Mesh, source: str | None) -> set[str | None] | None:
    if source is None:
        return None
    caller = _caller(mesh, source)
    if caller == NOBODY:
        return {None}
    node = mesh.services.get(caller)
    return {mesh.principal(p) for p in node.pods} if node else {caller.removeprefix("spiffe://")}


def _operations(mesh: Mesh) -> list[Operation]:
    return sorted({o for own in mesh.operations.values() for o in own})


def answers(mesh: Mesh, options: Options, text: str) -> Iterator[Verdict]:
    """The answers to JSON lines, in order."""
    for request in read_questions(text, mesh):
        yield answer(request, mesh, options)
