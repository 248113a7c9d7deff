"""What each mesh does with what is written: one module or folder a mesh, each one public ``Semantics``.

A semantics knows one dialect and decides three things: whether a pod is in its mesh, what becomes of a call, and
whether a request is let through. Modules never import one another; the caller asks every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analyzer.findings import Evidence
from analyzer.linking.mesh import Mesh, Pod, ServiceNode, Wire
from analyzer.model import Passage, Request, Verdict
from analyzer.options import Options


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


@dataclass(frozen=True, slots=True)
class Semantics:
    """``member``: the pod's membership, or ``None``. ``mtls``: the server-side mode of a pod's port (``None``: any).

    ``passage``: what the mesh does with a call, or ``None`` where it has no part in it.
    ``verdict``: whether a request is let through as far as this layer decides; ``None`` where it has no say.
    Layers of different semantics are ANDed.
    ``groups``: senders among whom this layer makes no difference at the service, as sets of bits (by their place in the
    tuple); each sender belongs to one. ``None``: it may tell every sender from every other.
    ``named``: operations of the service that policies name exactly, and so are worth asking about.
    """

    name: str
    member: Callable[[Pod, Mesh], Membership | None]
    passage: Callable[[Wire, Mesh, Options], Passage | None]
    verdict: Callable[[Request, Mesh, Options], Verdict | None]
    mtls: Callable[[ServiceNode, int | None, Mesh], str | None]
    groups: Callable[[ServiceNode, tuple[Sender, ...], Mesh], tuple[int, ...]] | None = None
    named: Callable[[ServiceNode, Mesh], tuple[str, ...]] = lambda _service, _mesh: ()
