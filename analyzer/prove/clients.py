"""Requests sent with the real client libraries, their own retries configured as the code configures them.

Shape: ``send`` returns the status that came, or raises what the library raises. A library that is not installed, or
that speaks something else than HTTP, is stood in for by ``urllib`` (``stands_in``): its layers are then plain loops.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from analyzer.amplification.causes import any_covers
from analyzer.amplification.ends import attempts_of
from analyzer.amplification.numbers import Unbounded
from analyzer.exceptions import caught, kinds, raised_by
from analyzer.prove.proxies import CALL
from analyzer.prove.stubs import GRPC_NAMES
from parsers.facts.python import Call, Retry

if TYPE_CHECKING:
    import urllib3

REAL = ("requests", "httpx", "urllib3", "aiohttp", "urllib")
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
#: More than this no experiment makes of an unbounded layer.
MANY = 1_000_000


class Raised(Exception):  # noqa: N818  # it stands for an exception of the program
    """An exception of the program or of a library that is stood in for: its classes, the status it is about."""

    def __init__(self, classes: tuple[str, ...], status: str | None = None, cause: str = "") -> None:
        super().__init__(*classes[:1])
        self.classes, self.status, self.cause = classes, status, cause


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: the first proxy's port, or the callee's own."""

    call: str
    url: str
    method: str
    grpc: bool
    timeout_s: float | None


def stands_in(client: Call) -> str | None:
    """Why a client is not used itself, or ``None`` where it is."""
    name = client.client.partition(".")[0]
    if name in REAL and find_spec(name) is not None:
        return None
    return f"{client.client} is stood in for by urllib"


def send(client: Call, target: Target) -> str:
    """One logical request of a program's client: its own layers included."""
    name = client.client.partition(".")[0]
    if target.grpc or stands_in(client) is not None:
        return _looped(client, client.layers, target)
    sender: Callable[[Call, Target], str] = {
        "requests": _requests,
        "httpx": _httpx,
        "urllib3": _urllib3,
        "aiohttp": _aiohttp,
        "urllib": _urllib,
    }[name]
    return sender(client, target)


def _count(retry: Retry) -> int:
    attempts = attempts_of(retry)
    return MANY if isinstance(attempts, Unbounded) else int(attempts)


def _headers(target: Target) -> dict[str, str]:
    return {CALL: target.call, "accept-encoding": "identity"}


def _urllib3_retry(client: Call) -> urllib3.Retry | None:
    import urllib3

    for retry in client.layers:
        condition = retry.condition
        wanted = (*condition.statuses, *condition.causes)
        return urllib3.Retry(
            total=_count(retry) - 1,
            read=None if any(c in condition.causes for c in ("reset", "timeout")) else 0,
            status_forcelist=[s for s in range(400, 600) if any_covers(wanted, str(s))],
            allowed_methods=condition.methods,
            raise_on_status=retry.exhausted != "same",
            respect_retry_after_header=any(c.endswith("+retry-after") for c in condition.causes),
            backoff_factor=0,
        )
    return None


def _requests(client: Call, target: Target) -> str:
    import requests
    import requests.adapters

    with requests.Session() as session:
        session.trust_env = False
        retry = _urllib3_retry(client)
        if retry is not None:
            session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        answer = session.request(
            target.method, target.url, headers=_headers(target), timeout=target.timeout_s, allow_redirects=False
        )
        return str(answer.status_code)


def _urllib3(client: Call, target: Target) -> str:
    import urllib3

    with urllib3.PoolManager() as pool:
        retry = _urllib3_retry(client)
        answer = pool.request(
            target.method,
            target.url,
            headers=_headers(target),
            timeout=urllib3.Timeout(target.timeout_s) if target.timeout_s else None,
            retries=retry if retry is not None else False,
            redirect=False,
        )
        return str(answer.status)


def _httpx(client: Call, target: Target) -> str:
    import httpx

    retries = sum(_count(r) - 1 for r in client.layers if r.condition.causes == ("connect-failure",))
    transport = httpx.HTTPTransport(retries=retries, verify=False)  # plain HTTP; loading certificates takes longest
    with httpx.Client(transport=transport, timeout=target.timeout_s, trust_env=False) as session:
        return str(session.request(target.method, target.url, headers=_headers(target)).status_code)


def _aiohttp(client: Call, target: Target) -> str:
    import aiohttp

    async def once() -> str:
        timeout = aiohttp.ClientTimeout(total=target.timeout_s)
        connector = aiohttp.TCPConnector(force_close=not client.layers)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            session.request(target.method, target.url, headers=_headers(target)) as answer,
        ):
            await answer.read()
            return str(answer.status)

    return asyncio.run(once())


def _urllib(_: Call, target: Target) -> str:
    request = urllib.request.Request(target.url, headers=_headers(target), method=target.method)  # loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=target.timeout_s) as answer:
        answer.read()
        return str(answer.status)


# ----------------------------------------------------------------------------------------------------------- stand-ins


def _looped(client: Call, layers: tuple[Retry, ...], target: Target) -> str:
    """Layers as plain loops around one request with the standard library."""
    if not layers:
        return _plain(client, target)
    retry, rest = layers[0], layers[1:]
    last = _count(retry) - 1
    for number in range(last + 1):
        try:
            status = _looped(client, rest, target)
        except Raised as error:
            if number == last or not _repeats(retry, error):
                raise
            continue
        if number == last or not any_covers((*retry.condition.statuses, *retry.condition.causes), status):
            return status
    raise AssertionError("a loop of at least one attempt ends inside")


def _repeats(retry: Retry, error: Raised) -> bool:
    condition = retry.condition
    named = any_covers((*condition.causes, *condition.statuses), error.cause)
    return condition.unknown or named or bool(caught(error.classes, condition.exceptions))


def _plain(client: Call, target: Target) -> str:
    """One request; failures raised as the library that is stood in for raises them."""
    headers = _headers(target) | ({"content-type": "application/grpc", "te": "trailers"} if target.grpc else {})
    method = "POST" if target.grpc else target.method
    request = urllib.request.Request(
        target.url, headers=headers, method=method, data=b"" if target.grpc else None
    )  # loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=target.timeout_s) as answer:
            answer.read()
            code = int(answer.headers.get("grpc-status") or 0)
            cause = GRPC_NAMES.get(code, "200") if target.grpc else str(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        cause = "grpc-unavailable" if target.grpc and error.code in (429, 502, 503, 504) else str(error.code)
    except TimeoutError:
        cause = "grpc-deadline-exceeded" if target.grpc else "timeout"
    except OSError as error:
        refused = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
        cause = "grpc-unavailable" if target.grpc else "connect-failure" if refused else "reset"
    return _told(client, target, cause)


def _told(client: Call, target: Target, cause: str) -> str:
    if cause.isdecimal() and int(cause) < 400:
        return cause
    if client.raised and any_covers(client.raises, cause):
        raise Raised(kinds((client.raised,)), None, cause)
    if cause.isdecimal() and not target.grpc:
        return cause
    family = "grpc" if target.grpc and not client.client.startswith("grpc") else client.client
    classes = raised_by(family, cause) or ("Exception",)
    raise Raised(kinds(classes[:1]), None, cause)
