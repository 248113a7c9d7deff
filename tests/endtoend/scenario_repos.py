"""Measured scenarios written out as repositories: manifests, Istio resources and Python services in several styles.

A scenario is the ``scenario`` object of a row of ``tests/truth/envoy_retry.jsonl``: services, the calls each makes, how
the last one fails. The repository says the same in files, so that a prediction goes the user's whole way.
"""

# ruff: noqa: E501  # templates of source code, each line as it is written out

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STYLES = ("flask", "fastapi", "aiohttp", "client_class", "error_handler")
NAMESPACE = "shop"

Scenario = Mapping[str, Any]


def files(scenario: Scenario, style: str) -> dict[str, str]:
    """Path -> text of a repository that says what the scenario says."""
    found = {"deploy/namespace.yaml": _namespace()}
    for name in scenario["services"]:
        found[f"deploy/{name}.yaml"] = _workload(name, scenario)
        found[f"services/{name}/app.py"] = _service(name, scenario, style)
        found[f"services/{name}/Dockerfile"] = "FROM python:3.12-slim\nCOPY . /app\nWORKDIR /app\n"
    mesh = _mesh(scenario)
    if mesh:
        found["deploy/mesh.yaml"] = mesh
    if scenario.get("internal_networks"):
        found["deploy/istio.yaml"] = _networks(scenario)
    return found


def entry(scenario: Scenario) -> str:
    return str(scenario.get("entry") or next(iter(scenario["services"])))


def failing(scenario: Scenario) -> tuple[str, str] | None:
    """The service that fails on every request, and its cause; ``None`` where the scenario fails otherwise."""
    for name, service in scenario["services"].items():
        leaf = service.get("leaf")
        if leaf is None or leaf.get("first") or leaf.get("ok_first"):
            continue
        cause = _cause(leaf)
        if cause is not None:
            return name, cause
    return None


def _cause(leaf: Mapping[str, Any]) -> str | None:
    modes = {
        "refuse": "connect-failure",
        "reset": "reset",
        "close": "reset",
        "hang": "timeout",
        "truncate": "truncated",
    }
    mode = leaf.get("mode", "status")
    if mode != "status":
        return modes.get(mode)
    headers = leaf.get("headers", {})
    if "grpc-status" in headers:
        return None
    status = int(leaf.get("status", 503))
    if status < 400:
        return None
    suffix = "".join(f"+{h}" for h in ("retry-after", "x-envoy-ratelimited") if h in headers)
    return f"{status}{suffix}"


# ------------------------------------------------------------------------------------------------------- manifests


def _namespace() -> str:
    return f"""apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    istio-injection: enabled
"""


def _injected(name: str, scenario: Scenario) -> bool:
    """A caller with a sidecar has one; a leaf only where the scenario gives it an inbound one."""
    service = scenario["services"][name]
    calls = service.get("calls", [])
    if any(c.get("mesh", {}) is not None for c in calls):
        return True
    return bool(service.get("inbound", scenario.get("inbound", False)))


def _workload(name: str, scenario: Scenario) -> str:
    inject = str(_injected(name, scenario)).lower()
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {NAMESPACE}
spec:
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
        sidecar.istio.io/inject: "{inject}"
    spec:
      containers:
        - name: {name}
          image: registry.example.com/shop/{name}:1.0
          ports:
            - containerPort: 8080
{_environment(name, scenario)}---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {NAMESPACE}
spec:
  selector:
    app: {name}
  ports:
    - name: http
      port: 8080
"""


def _environment(name: str, scenario: Scenario) -> str:
    """The addresses of what it calls, for the styles that read them from there."""
    calls = dict.fromkeys(c["to"] for c in scenario["services"][name].get("calls", []))
    lines = [f"            - name: {to.upper()}_URL\n              value: http://{to}:8080\n" for to in calls]
    return "          env:\n" + "".join(lines) if lines else ""


def _networks(scenario: Scenario) -> str:
    blocks = "\n".join(f"            - fromCidr: {a}/{n}" for a, n in scenario["internal_networks"])
    return f"""apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  name: mesh
  namespace: istio-system
spec:
  values:
    global:
      meshNetworks:
        inside:
          endpoints:
{blocks}
"""


def _mesh(scenario: Scenario) -> str:
    by_callee: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    rules: dict[str, dict[str, Any]] = {}
    for caller, service in scenario["services"].items():
        for call in service.get("calls", []):
            if call.get("mesh"):
                by_callee.setdefault(call["to"], []).append((caller, call["mesh"]))
            if call.get("dest"):
                rules[call["to"]] = call["dest"]
    parts = [_virtual_service(callee, routes) for callee, routes in by_callee.items()]
    parts += [_destination_rule(callee, dest) for callee, dest in rules.items()]
    return "---\n".join(parts)


def _virtual_service(callee: str, routes: list[tuple[str, dict[str, Any]]]) -> str:
    lines = [
        "apiVersion: networking.istio.io/v1",
        "kind: VirtualService",
        "metadata:",
        f"  name: {callee}",
        f"  namespace: {NAMESPACE}",
        "spec:",
        f"  hosts: [{callee}]",
        "  http:",
    ]
    for caller, mesh in routes:
        lines += [f"    - name: from-{caller}", "      match:", "        - sourceLabels:", f"            app: {caller}"]
        lines += ["      route:", "        - destination:", f"            host: {callee}"]
        if mesh.get("missing_subset"):
            lines.append("            subset: no-such-subset")
        if mesh.get("mirror"):
            lines += ["      mirror:", f"        host: {mesh['mirror']}"]
        if mesh.get("timeout"):
            lines.append(f"      timeout: {mesh['timeout']}")
        if mesh.get("faultAbort"):
            lines += ["      fault:", "        abort:", f"          httpStatus: {mesh['faultAbort']}"]
            lines += ["          percentage:", "            value: 100"]
        retries = {k: v for k, v in mesh.items() if k in ("attempts", "perTryTimeout", "retryOn", "backoff")}
        if retries:
            lines.append("      retries:")
            lines += [f"        {key}: {value}" for key, value in retries.items()]
    return "\n".join(lines) + "\n"


def _destination_rule(callee: str, dest: dict[str, Any]) -> str:
    pool_tcp = {k: dest[k] for k in ("maxConnections", "connectTimeout") if k in dest}
    pool_http = {k: dest[k] for k in ("maxRetries", "http1MaxPendingRequests", "http2MaxRequests") if k in dest}
    lines = [
        "apiVersion: networking.istio.io/v1",
        "kind: DestinationRule",
        "metadata:",
        f"  name: {callee}",
        f"  namespace: {NAMESPACE}",
        "spec:",
        f"  host: {callee}",
        "  trafficPolicy:",
    ]
    if pool_tcp or pool_http:
        lines.append("    connectionPool:")
        for name, block in (("tcp", pool_tcp), ("http", pool_http)):
            if block:
                lines += [f"      {name}:", *(f"        {k}: {v}" for k, v in block.items())]
    for block in ("outlierDetection", "retryBudget"):
        if block in dest:
            inner = dest[block] or {}
            lines += [f"    {block}:" + ("" if inner else " {}"), *(f"      {k}: {v}" for k, v in inner.items())]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------------------------------------------------- services


def _service(name: str, scenario: Scenario, style: str) -> str:
    method = scenario.get("request", {}).get("method", "GET").lower()
    body = scenario.get("request", {}).get("body_bytes", 0)
    spec = scenario["services"][name]
    writer = {
        "flask": _Flask,
        "fastapi": _FastApi,
        "aiohttp": _Aiohttp,
        "client_class": _ClientClass,
        "error_handler": _ErrorHandler,
    }[style](name, spec, method, body)
    return writer.text()


class _Writer:
    """One service in one style. Subclasses give the library's words."""

    client_import = ""
    timeout_error = ""
    error = ""
    prefix = ""  # "async " where functions are

    def __init__(self, name: str, spec: Mapping[str, Any], method: str, body: int) -> None:
        self.name, self.spec, self.method, self.body = name, spec, method, body
        self.calls = list(spec.get("calls", []))

    @property
    def wait(self) -> str:
        return "await " if self.prefix else ""

    def text(self) -> str:
        parts = [self.head(), *(self.call(c) for c in self._distinct()), self.handler()]
        return "\n\n".join(p.strip("\n") for p in parts if p) + "\n"

    def _distinct(self) -> list[Mapping[str, Any]]:
        return list({c["to"]: c for c in self.calls}.values())

    def head(self) -> str:
        raise NotImplementedError

    def send(self, call: Mapping[str, Any]) -> list[str]:
        raise NotImplementedError

    def answer(self, status: str) -> str:
        raise NotImplementedError

    def handler_head(self) -> str:
        raise NotImplementedError

    def gather(self, names: list[str]) -> list[str]:
        raise NotImplementedError

    def call(self, call: Mapping[str, Any]) -> str:
        app = call.get("app") or {}
        library = app.get("client", "none")
        statuses = app.get("retry_statuses", [500, 502, 503, 504])
        n = app.get("n", 1)
        wait = app.get("wait", 0)
        decorator = {
            "tenacity": f"@tenacity.retry(stop=tenacity.stop_after_attempt({n}), wait=tenacity.wait_fixed({wait}),"
            f" retry=tenacity.retry_if_exception_type(Failed), reraise=True)",
            "backoff": f"@backoff.on_exception(backoff.constant, Failed, interval={wait}, jitter=None, max_tries={n})",
            "stamina": f"@stamina.retry(on=Failed, attempts={n}, wait_initial={wait}, wait_max={wait}, wait_jitter=0)",
        }.get(library)
        lines = [decorator] if decorator else []
        lines += [f"{self.prefix}def call_{call['to']}():", "    try:"]
        lines += [f"        {line}" for line in self.send(call)]
        lines += [f"    except {self.timeout_error} as error:", "        raise Failed(504) from error"]
        lines += [f"    except {self.error} as error:", "        raise Failed(502) from error"]
        if decorator:
            lines += [f"    if status in {tuple(statuses)!r}:", "        raise Failed(status)"]
        lines.append("    return status")
        return "\n".join(lines)

    def handler(self) -> str:
        lines = [self.handler_head()]
        on_failure = self.spec.get("on_failure", "passthrough")
        given = self.answer("error.status") if on_failure == "passthrough" else self.answer(str(on_failure))
        status = self.answer("status") if on_failure == "passthrough" else self.answer(str(on_failure))
        if on_failure == "ok":
            given = status = self.answer("200")
        names = [f"call_{c['to']}" for c in self.calls for _ in range(c.get("repeat", 1))]
        if self.spec.get("order") == "parallel":
            lines += [f"    {line}" for line in self.gather(names)]
            lines += ["    for status in statuses:", "        if status >= 400:", f"            return {status}"]
        else:
            for name in names:
                lines += ["    try:", f"        status = {self.wait}{name}()", "    except Failed as error:"]
                lines += [f"        return {given}", "    if status >= 400:", f"        return {status}"]
        lines.append(f"    return {self.answer('200')}")
        return "\n".join(lines)

    def libraries(self) -> str:
        used = {(c.get("app") or {}).get("client") for c in self.calls}
        return "".join(f"import {x}\n" for x in ("backoff", "stamina", "tenacity") if x in used)

    def failed(self) -> str:
        return (
            "class Failed(Exception):\n    def __init__(self, status):\n        self.status = status\n"
            if self.calls
            else ""
        )

    def headers(self, call: Mapping[str, Any]) -> str:
        headers = (call.get("app") or {}).get("headers")
        return f", headers={headers!r}" if headers else ""

    def payload(self, keyword: str) -> str:
        return f', {keyword}=b"x" * {self.body}' if self.body else ""


class _Flask(_Writer):
    timeout_error, error = "requests.Timeout", "requests.RequestException"

    def head(self) -> str:
        return f"from concurrent.futures import ThreadPoolExecutor\n\nimport requests\n{self.libraries()}from flask import Flask\n{self._adapters()}\napp = Flask(__name__)\n\n\n{self.failed()}"

    def _adapters(self) -> str:
        lines = []
        for call in self._distinct():
            app = call.get("app") or {}
            if app.get("client") in ("requests", "urllib3"):
                lines += [
                    "from requests.adapters import HTTPAdapter",
                    "from urllib3.util.retry import Retry",
                    "",
                    "session = requests.Session()",
                ]
                retry = f"{app['n']}" if app.get("plain_int") else self._retry(app)
                lines.append(f'session.mount("http://", HTTPAdapter(max_retries={retry}))')
        return "\n".join(lines) + "\n"

    def _retry(self, app: Mapping[str, Any]) -> str:
        forcelist = f", status_forcelist={app['retry_statuses']}" if "retry_statuses" in app else ""
        return f"Retry(total={app['n']}{forcelist}, raise_on_status=False)"

    def send(self, call: Mapping[str, Any]) -> list[str]:
        app = call.get("app") or {}
        client = "session" if app.get("client") in ("requests", "urllib3") else "requests"
        timeout = app.get("timeout", 60)
        return [
            f'status = {client}.{self.method}("http://{call["to"]}:8080/", timeout={timeout}{self.payload("data")}{self.headers(call)}).status_code'
        ]

    def answer(self, status: str) -> str:
        return f'"", {status}'

    def handler_head(self) -> str:
        return f'@app.route("/", methods=["{self.method.upper()}"])\ndef root():'

    def gather(self, names: list[str]) -> list[str]:
        return [
            "with ThreadPoolExecutor() as pool:",
            f"    futures = [pool.submit(f) for f in ({', '.join(names)},)]",
            "    try:",
            "        statuses = [f.result() for f in futures]",
            "    except Failed as error:",
            '        return "", error.status',
        ]


class _FastApi(_Writer):
    timeout_error, error, prefix = "httpx.TimeoutException", "httpx.TransportError", "async "

    def head(self) -> str:
        return f"import asyncio\n\nimport httpx\n{self.libraries()}from fastapi import FastAPI, Response\n\napp = FastAPI()\n\n\n{self.failed()}"

    def send(self, call: Mapping[str, Any]) -> list[str]:
        app = call.get("app") or {}
        transport = f", transport=httpx.AsyncHTTPTransport(retries={app['n']})" if app.get("client") == "httpx" else ""
        timeout = app.get("timeout", 60)
        return [
            f"async with httpx.AsyncClient(timeout={timeout}{transport}) as client:",
            f'    response = await client.{self.method}("http://{call["to"]}:8080/"{self.payload("content")}{self.headers(call)})',
            "    status = response.status_code",
        ]

    def answer(self, status: str) -> str:
        return f"Response(status_code={status})"

    def handler_head(self) -> str:
        return f'@app.{self.method}("/")\nasync def root():'

    def gather(self, names: list[str]) -> list[str]:
        called = ", ".join(f"{n}()" for n in names)
        return [
            "try:",
            f"    statuses = await asyncio.gather({called})",
            "except Failed as error:",
            "    return Response(status_code=error.status)",
        ]


class _Aiohttp(_Writer):
    timeout_error, error, prefix = "asyncio.TimeoutError", "aiohttp.ClientError", "async "

    def head(self) -> str:
        return f"import asyncio\n\nimport aiohttp\n{self.libraries()}from aiohttp import web\n\nroutes = web.RouteTableDef()\n\n\n{self.failed()}"

    def text(self) -> str:
        return (
            super().text()
            + '\n\napp = web.Application()\napp.add_routes(routes)\n\nif __name__ == "__main__":\n    web.run_app(app, port=8080)\n'
        )

    def send(self, call: Mapping[str, Any]) -> list[str]:
        timeout = (call.get("app") or {}).get("timeout", 60)
        return [
            f"async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total={timeout})) as session:",
            f'    async with session.{self.method}("http://{call["to"]}:8080/"{self.payload("data")}{self.headers(call)}) as response:',
            "        await response.read()",
            "        status = response.status",
        ]

    def answer(self, status: str) -> str:
        return f"web.Response(status={status})"

    def handler_head(self) -> str:
        return f'@routes.{self.method}("/")\nasync def root(request):'

    def gather(self, names: list[str]) -> list[str]:
        called = ", ".join(f"{n}()" for n in names)
        return [
            "try:",
            f"    statuses = await asyncio.gather({called})",
            "except Failed as error:",
            "    return web.Response(status=error.status)",
        ]


class _ClientClass(_Writer):
    """FastAPI with a client class a callee, ``raise_for_status``, and the status passed on from the exception."""

    prefix = "async "

    def head(self) -> str:
        statuses = "(httpx.TransportError, httpx.HTTPStatusError)"
        return f"import asyncio\nimport os\n\nimport httpx\n{self.libraries()}from fastapi import FastAPI\nfrom fastapi.responses import JSONResponse\n\napp = FastAPI()\nFAILURES = {statuses}\n"

    def call(self, call: Mapping[str, Any]) -> str:
        app = call.get("app") or {}
        decorator = self.decorator(app, "FAILURES")
        to = call["to"]
        transport = f", transport=httpx.AsyncHTTPTransport(retries={app['n']})" if app.get("client") == "httpx" else ""
        timeout = app.get("timeout", 60)
        lines = [f"class {to.title()}Client:", "    def __init__(self, base_url):"]
        lines += [f"        self._http = httpx.AsyncClient(base_url=base_url, timeout={timeout}{transport})", ""]
        lines += [f"    {decorator}"] if decorator else []
        lines += [
            "    async def ask(self):",
            f'        response = await self._http.{self.method}("/"{self.payload("content")}{self.headers(call)})',
        ]
        lines += ["        response.raise_for_status()", "        return response", "", ""]
        lines.append(f'{to} = {to.title()}Client(os.environ["{to.upper()}_URL"])')
        return "\n".join(lines)

    def decorator(self, app: Mapping[str, Any], failures: str) -> str:
        n, wait = app.get("n", 1), app.get("wait", 0)
        return {
            "tenacity": f"@tenacity.retry(stop=tenacity.stop_after_attempt({n}), wait=tenacity.wait_fixed({wait}), retry=tenacity.retry_if_exception_type({failures}), reraise=True)",
            "backoff": f"@backoff.on_exception(backoff.constant, {failures}, interval={wait}, jitter=None, max_tries={n})",
            "stamina": f"@stamina.retry(on={failures}, attempts={n}, wait_initial={wait}, wait_max={wait}, wait_jitter=0)",
        }.get(app.get("client", "none"), "")

    def answer(self, status: str) -> str:
        return f"JSONResponse({{}}, status_code={status})"

    def handler(self) -> str:
        on_failure = self.spec.get("on_failure", "passthrough")
        asked = [f"{c['to']}.ask()" for c in self.calls for _ in range(c.get("repeat", 1))]
        lines = [f'@app.{self.method}("/")', "async def root():"]
        if not asked:
            return "\n".join([*lines, f"    return {self.answer('200')}"])
        lines.append("    try:")
        if self.spec.get("order") == "parallel":
            lines.append(f"        await asyncio.gather({', '.join(asked)})")
        else:
            lines += [f"        await {one}" for one in asked]
        if on_failure == "passthrough":
            lines += [
                "    except httpx.HTTPStatusError as error:",
                f"        return {self.answer('error.response.status_code')}",
            ]
            lines += ["    except httpx.TimeoutException:", f"        return {self.answer('504')}"]
            lines += ["    except httpx.TransportError:", f"        return {self.answer('502')}"]
        else:
            status = "200" if on_failure == "ok" else str(on_failure)
            lines += ["    except httpx.HTTPError:", f"        return {self.answer(status)}"]
        return "\n".join([*lines, f"    return {self.answer('200')}"])


class _ErrorHandler(_ClientClass):
    """Flask whose error handlers answer for exceptions; addresses from the application's configuration."""

    prefix = ""

    def head(self) -> str:
        return (
            f"import os\nfrom concurrent.futures import ThreadPoolExecutor\n\nimport requests\n{self.libraries()}"
            "from flask import Flask, jsonify\n\napp = Flask(__name__)\n"
            + "".join(
                f'app.config["{c["to"].upper()}"] = os.getenv("{c["to"].upper()}_URL")\n' for c in self._distinct()
            )
        )

    def call(self, call: Mapping[str, Any]) -> str:
        app = call.get("app") or {}
        decorator = self.decorator(app, "requests.RequestException")
        to, timeout = call["to"], app.get("timeout", 60)
        lines = [decorator] if decorator else []
        lines += [f"def ask_{to}():", f'    url = "%s/" % app.config["{to.upper()}"]']
        lines += [
            f"    response = requests.{self.method}(url, timeout={timeout}{self.payload('data')}{self.headers(call)})"
        ]
        return "\n".join([*lines, "    response.raise_for_status()", "    return response.json()"])

    def handler(self) -> str:
        on_failure = self.spec.get("on_failure", "passthrough")
        asked = [f"ask_{c['to']}" for c in self.calls for _ in range(c.get("repeat", 1))]
        lines = []
        if asked and on_failure == "passthrough":
            for error, status in (
                ("HTTPError", "error.response.status_code"),
                ("Timeout", "504"),
                ("ConnectionError", "502"),
            ):
                lines += [
                    f"@app.errorhandler(requests.{error})",
                    f"def on_{error.lower()}(error):",
                    f"    return jsonify(error=str(error)), {status}",
                    "",
                    "",
                ]
        elif asked:
            status = "200" if on_failure == "ok" else str(on_failure)
            lines += [
                "@app.errorhandler(requests.RequestException)",
                "def on_error(error):",
                f"    return jsonify(error=str(error)), {status}",
                "",
                "",
            ]
        lines += [f'@app.route("/", methods=["{self.method.upper()}"])', "def root():"]
        if self.spec.get("order") == "parallel":
            lines += [
                "    with ThreadPoolExecutor(max_workers=8) as pool:",
                f"        futures = [pool.submit(ask) for ask in ({', '.join(asked)},)]",
            ]
            lines += ["    for future in futures:", "        future.result()"]
        else:
            lines += [f"    {one}()" for one in asked]
        return "\n".join([*lines, "    return jsonify(ok=True)"])
