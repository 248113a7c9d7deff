"""What the proxy that decides knows of a request: attribute -> values, for the attributes that are known.

Source: istio/istio pilot/pkg/security/authz/model/generator.go; envoyproxy/envoy jwt_authn (claims ``scope`` and
``permission`` are split at spaces), original_ip_detection/xff (the last address counts), as measured on Envoy 1.40.
Shape: an attribute that is not in the mapping is not known; one with no values is known to be absent.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.linking.mesh import ServiceNode
from analyzer.model import Request
from analyzer.requestsets.conditions import Values
from analyzer.requestsets.domains import address_bits
from analyzer.requestsets.patterns import HOLE
from analyzer.semantics.istio.matching import normalized

#: Claims whose text istiod has Envoy split at spaces (pilot/pkg/security/authn/policy_applier.go).
_SPACED = frozenset({"scope", "permission"})


def seen(request: Request, principal: str | None, normalization: str, attributes: tuple[str, ...]) -> dict[str, Values]:
    """The known values among the attributes asked for. ``principal`` is the identity that really arrives."""
    found: dict[str, Values] = {"principal": (principal,) if principal is not None else ()}
    if request.port is not None:
        found["port"] = (str(request.port),)
    if request.method is not None:
        found["method"] = (request.method,)
    if request.host is not None:
        found["host"] = (request.host,)
    if request.path is not None and not has_holes(request):
        path = normalized(request.path, normalization)
        found["path"] = () if path is None else (path,)
    if request.sni is not None or principal is None:
        found["sni"] = (request.sni,) if request.sni else ()
    found |= _addresses(request)
    for attribute in attributes:
        if attribute.startswith("header[") and request.headers is not None:
            found[attribute] = _headers(request, attribute[len("header[") : -1])
        if attribute.startswith("claim[") and request.jwt is not None:
            found[attribute] = _claims(dict(request.jwt), attribute[len("claim[") : -1].split("]["))
    return found


def has_holes(request: Request) -> bool:
    """Whether the path stands for many: ``/v1/payments/{id}``."""
    return request.open_path and request.path is not None and HOLE.search(request.path) is not None


def default_sni(service: ServiceNode, port: int | None) -> str | None:
    """The server name that a client's sidecar sends: ``outbound_.8080_._.app.default.svc.cluster.local``."""
    dialled = [p.port for p in service.ports if service.target_port(p.port) == port]
    return f"outbound_.{dialled[0]}_._.{service.fqdn}" if len(dialled) == 1 else None


def _addresses(request: Request) -> dict[str, Values]:
    found: dict[str, Values] = {}
    source = address_bits(request.source_ip) if request.source_ip else None
    if source is not None:
        found["source_ip"] = (source,)
    destination = address_bits(request.destination_ip) if request.destination_ip else None
    if destination is not None:
        found["destination_ip"] = (destination,)
    if request.headers is not None:
        forwarded = [v for name, v in request.headers if name == "x-forwarded-for"]
        last = ",".join(forwarded).rpartition(",")[2].strip() if forwarded else ""
        remote = address_bits(last) or source
        if remote is not None:
            found["remote_ip"] = (remote,)
    return found


def _headers(request: Request, name: str) -> Values:
    return tuple(value.strip() for header, value in request.headers or () if header == name)


def _claims(claims: Mapping[str, object], names: list[str]) -> Values:
    """The texts under the claim: itself, or the texts in a list; anything else has no match."""
    value: object = claims
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return ()
        value = value[name]
    if isinstance(value, str):
        return tuple(value.split(" ")) if names[0] in _SPACED and len(names) == 1 else (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list | tuple) else ()
