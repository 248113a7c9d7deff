"""What people mean by a name: services and operations found by as much of their name as makes them clear.

``payments`` means ``payment-prod/payments`` where one service alone is called so. An operation may follow, after a
blank: ``payments POST /v1/payments``.
Errors: ``NamingError`` with the candidates.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from analyzer.model import Operation


class NamingError(Exception):
    """A name that nothing has, or that several have."""


def service(text: str, known: Iterable[str]) -> str:
    """The one service that is meant."""
    services = sorted(set(known))
    exact = [s for s in services if s == text] or [s for s in services if s.lower() == text.lower()]
    found = exact or [s for s in services if _bare(s) == text.lower()] or [s for s in services if _dotted(s, text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NamingError(f"{text!r} may be {_listed(found)}")
    near = [s for s in services if text.lower() in s.lower()] or _similar(text, services)
    raise NamingError(
        f"no service is called {text!r}; {'there is' if near else 'there are'} {_listed(near or services)}"
    )


def operation(text: str, known: Iterable[Operation]) -> tuple[Operation, ...]:
    """Every operation that is meant: all of a service where none is named. Sorted."""
    operations = sorted(set(known))
    name, _, wanted = text.strip().partition(" ")
    owner = service(name, {o.service for o in operations})
    own = tuple(o for o in operations if o.service == owner)
    wanted = wanted.strip()
    if not wanted:
        return own
    found = tuple(o for o in own if o.name == wanted) or tuple(o for o in own if _means(o.name, wanted))
    if not found:
        raise NamingError(f"{owner} has no operation {wanted!r}; it has {_listed([o.name for o in own])}")
    return found


def _means(name: str, wanted: str) -> bool:
    """A path without its method, a gRPC method without its package, parameters under any name."""
    name, wanted = _anonymous(name.lower()), _anonymous(wanted.lower())
    return name == wanted or name.partition(" ")[2] == wanted or name.rpartition("/")[2] == wanted.lstrip("/")


def _anonymous(name: str) -> str:
    return "/".join("{}" if part.startswith("{") and part.endswith("}") else part for part in name.split("/"))


def _bare(identity: str) -> str:
    return identity.removeprefix("external:").lower() if ":" in identity else identity.rpartition("/")[2].lower()


def _dotted(identity: str, text: str) -> bool:
    """``name.namespace`` and longer, as hosts are written."""
    namespace, _, name = identity.partition("/")
    host = f"{name}.{namespace}.svc.cluster.local"
    return bool(name) and "." in text and f"{host}.".startswith(f"{text.lower()}.")


def _similar(text: str, services: list[str]) -> list[str]:
    bare = {_bare(s): s for s in services}
    return [bare[name] for name in difflib.get_close_matches(text.lower(), bare, 3, 0.5)]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown or "none"
