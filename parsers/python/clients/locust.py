"""Locust load generators: ``self.client.get("/path")`` of an ``HttpUser``.

Source: locust 2 ``user/users.py`` (``HttpUser.client`` is a requests session under ``host``), ``clients.py``.
Shape: the host comes from the class or from the command line; without it an address is only a path.
"""

from __future__ import annotations

from parsers.python.clients import Client
from parsers.python.sending import VERBS, Request, Sent, Site, call, seconds, under, urls, verb
from parsers.python.value import Made, Member, Unknown, Value, templates


def _recognise(site: Site) -> Sent | None:
    callee = site.callee
    if not isinstance(callee, Member) or len(callee.names) != 2 or callee.names[0] != "client":
        return None
    attr = callee.names[1]
    if attr not in VERBS and attr != "request":
        return None
    shift = 0 if attr in VERBS else 1
    host = _host(site, callee.of)
    found = urls(site.arg(shift, "url"))
    if host is not None:
        found = tuple(under(b, t) for b in templates(host) for t in found)
    request = Request(
        client="requests",
        method=attr.upper() if attr in VERBS else verb(site.arg(0, "method"), "*"),
        url=found,
        timeout=seconds(site.arg(None, "timeout")),
        headers=(site.arg(None, "headers"),),
        bodies=(site.arg(shift + 1, "data"), site.arg(None, "json")),
    )
    return Sent(call(site, request))


def _host(site: Site, user: Value) -> Value | None:
    """``host = "http://shop"`` of the class whose task this is."""
    scope = site.scope
    cls = scope.parent if scope.parent is not None and scope.parent.is_class else None
    if cls is None or not isinstance(user, Made) or site.values.program.class_member(cls, "host") is None:
        return None
    found = (
        site.values.variable(cls, "host", cls.bindings["host"], site.frame.deeper(cls, {}))
        if "host" in cls.bindings
        else None
    )
    return found if found is not None and not isinstance(found, Unknown) else None


LOCUST = Client("locust", frozenset({"locust"}), _recognise)
