"""Stub servers on loopback: one port for each operation, counting what arrives and answering as they are told.

Shape: a stub runs a function for each request and answers with its status, or fails on every request with a cause.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GRPC_CODES = {
    "grpc-cancelled": 1,
    "grpc-unknown": 2,
    "grpc-invalid-argument": 3,
    "grpc-deadline-exceeded": 4,
    "grpc-not-found": 5,
    "grpc-already-exists": 6,
    "grpc-permission-denied": 7,
    "grpc-resource-exhausted": 8,
    "grpc-failed-precondition": 9,
    "grpc-aborted": 10,
    "grpc-out-of-range": 11,
    "grpc-unimplemented": 12,
    "grpc-internal": 13,
    "grpc-unavailable": 14,
    "grpc-data-loss": 15,
    "grpc-unauthenticated": 16,
}
#: A server that hangs lets go after this, or at the end of the run.
HANGS_S = 8.0
GRPC_NAMES = {code: name for name, code in GRPC_CODES.items()}


@dataclass
class Ledger:
    """What arrived, and whether anything is still going on."""

    most: int
    arrived: Counter[str] = field(default_factory=Counter)
    active: int = 0
    last: float = field(default_factory=time.monotonic)
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, name: str) -> bool:
        """Count an arrival; false where the run is over its limit or at its end."""
        with self._lock:
            self.arrived[name] += 1
            self.active += 1
            self.last = time.monotonic()
            if sum(self.arrived.values()) > self.most:
                self.stopped.set()
        return not self.stopped.is_set()

    def leave(self) -> None:
        with self._lock:
            self.active -= 1
            self.last = time.monotonic()

    def quiet(self, for_s: float, limit_s: float, *, hanging: bool = False) -> None:
        """Wait until nothing has happened for a while; where requests hang, until none has come any more."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            with self._lock:
                if (hanging or not self.active) and time.monotonic() - self.last > for_s:
                    return
            time.sleep(0.01)


class Stub:
    """One operation's server."""

    def __init__(
        self,
        name: str,
        ledger: Ledger,
        run: Callable[[], str] | None = None,
        fails: str | None = None,
        *,
        grpc: bool = False,
    ) -> None:
        self.name, self.ledger, self.fails, self.grpc = name, ledger, fails, grpc
        self._run = run
        self._server: ThreadingHTTPServer | None = None
        self._closed: socket.socket | None = None
        if fails == "connect-failure":
            self._closed = socket.socket()  # bound and never listening: every connection is refused
            self._closed.bind(("127.0.0.1", 0))
            self.port = int(self._closed.getsockname()[1])
            return
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self) -> str:
        """The status of one request."""
        return self._run() if self._run is not None and self.fails is None else (self.fails or "200")

    def close(self) -> None:
        if self._closed is not None:
            self._closed.close()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without a farewell, so that a connection set to linger for no time is reset."""
        if isinstance(request, socket.socket):
            request.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the experiment."""


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    """The handler class of one stub: ``http.server`` wants a class for each."""
    return type("Handler", (_Handler,), {"stub": stub})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    stub: Stub

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _any(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        going = self.stub.ledger.enter(self.stub.name)
        try:
            self._answer(self.stub.answer() if going else "508")
        finally:
            self.stub.ledger.leave()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _any  # noqa: N815  # http.server's

    def _answer(self, status: str) -> None:
        plain, _, header = status.partition("+")
        match plain:
            case "reset":
                self._reset()
            case "timeout":
                self.stub.ledger.stopped.wait(HANGS_S)
                self.close_connection = True
            case "truncated":
                self._head(200, "1000", header)
                self.wfile.write(b"x" * 10)
                self.wfile.flush()
                time.sleep(0.02)
                self._reset()
            case _:
                self._status(plain, header)

    def _status(self, plain: str, header: str) -> None:
        code = GRPC_CODES.get(plain)
        if self.stub.grpc or code is not None:
            self.send_response(200)
            self.send_header("content-type", "application/grpc")
            self.send_header("grpc-status", str(code or 0))
            self.send_header("content-length", "0")
            self.end_headers()
            return
        self._head(int(plain) if plain.isdecimal() else 500, "2", header)
        if self.command != "HEAD":
            self.wfile.write(b"{}")

    def _head(self, status: int, length: str, header: str) -> None:
        self.send_response(status)
        self.send_header("content-length", length)
        if header:
            self.send_header(header, "0" if header == "retry-after" else "true")
        self.end_headers()

    def _reset(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, format: str, *args: object) -> None:  # http.server's name
        """Say nothing."""
