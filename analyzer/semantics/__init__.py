"""What each mesh does with what is written: one module or folder a mesh, each one public ``Semantics``.

A semantics knows one dialect and decides three things: whether a pod is in its mesh, what becomes of a call, and
whether a request is let through. Modules never import one another; the caller asks every one of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode, Wire
from analyzer.model import Passage, Request, Verdict
from analyzer.options import Options
from analyzer.requestsets.conditions import Condition
from parsers.plugins import collect
from parsers.source import Span


@dataclass(frozen=True, slots=True)
class Membership:
    """A pod's place in a mesh: ``kind`` as in the JSON (``istio-sidecar``, ``istio-ambient``, ``linkerd``, ...)."""

    kind: str
    because: Evidence


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who may send a request: the identity that arrives (``None``: none), and the service whose pods send."""

    principal: str | None
    service: str | None


class Flaw(Enum):
    """In which way configuration is wrong."""

    REFUSED = "refused"  # the control plane does not take the object
    DANGLING = "dangling"  # it refers to what is not there
    CONTRADICTORY = "contradictory"  # another object says otherwise, and only one counts
    INEFFECTIVE = "ineffective"  # valid, and without the effect it seems to have


@dataclass(frozen=True, slots=True)
class Problem:
    """Configuration that does not do what it says. ``subject`` is ``Kind namespace/name``, ``code`` a stable word.

    ``sure`` is false where it rests on something that may just as well be defined outside the repository.
    """

    flaw: Flaw
    code: str
    subject: str
    message: str
    span: Span
    evidence: tuple[Evidence, ...] = ()
    sure: bool = True


def _no_problems(_mesh: Mesh) -> Iterable[Problem]:
    return ()


@dataclass(frozen=True, slots=True)
class Semantics:
    """``member``: the pod's membership, or ``None``. ``mtls``: the server-side mode of a pod's port (``None``: any).

    ``passage``: what the mesh does with a call, or ``None`` where it has no part in it.
    ``problems``: what of its configuration does not do what it says.
    ``verdict``: whether a request is let through as far as this layer decides; ``None`` where it has no say.
    Layers of different semantics are ANDed.
    ``groups``: senders among whom this layer makes no difference at the service, as sets of bits (by their place in the
    tuple); each sender belongs to one. ``None``: it may tell every sender from every other.
    ``named``: operations of the service that policies name exactly, and so are worth asking about.
    ``lets_in``: all requests that the layer lets in to the service, as a condition; ``None`` where it has no say.
    """

    name: str
    member: Callable[[Pod, Mesh], Membership | None]
    passage: Callable[[Wire, Mesh, Options], Passage | None]
    verdict: Callable[[Request, Mesh, Options], Verdict | None]
    mtls: Callable[[ServiceNode, int | None, Mesh], str | None]
    groups: Callable[[ServiceNode, tuple[Sender, ...], Mesh], tuple[int, ...]] | None = None
    named: Callable[[ServiceNode, Mesh], tuple[str, ...]] = lambda _service, _mesh: ()
    lets_in: Callable[[ServiceNode, Mesh], Condition | None] = lambda _service, _mesh: None
    problems: Callable[[Mesh], Iterable[Problem]] = _no_problems


def problems(mesh: Mesh, flaw: Flaw) -> Iterator[Problem]:
    """What is wrong in one way with the configuration of any mesh."""
    for semantics in collect(sys.modules[__name__], Semantics):
        yield from (p for p in semantics.problems(mesh) if p.flaw is flaw)
