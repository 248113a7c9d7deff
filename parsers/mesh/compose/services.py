"""From a compose file to workloads, names and builds."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping

from parsers import envfile
from parsers.diagnostics import Diagnostic
from parsers.facts import NO_LABELS, Labels, Meta
from parsers.facts.kubernetes import Container, ContainerPort, ImageSource, Service, ServicePort, Workload
from parsers.mesh.compose.environment import environment
from parsers.mesh.compose.ports import ports
from parsers.mesh.compose.service import Service as Written
from parsers.metadata import beside
from parsers.source import SourceFile, Tree
from parsers.yamltree import Node, documents

_NAME = re.compile(r"(?:.*[.-])?(?:docker-)?compose(?:[.-].+)?\.ya?ml")
_MAX_EXTENDS = 8
_SELECTOR = "com.docker.compose.service"
_NO_MATTER = (
    "annotations", "attach", "blkio_config", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "configs", "cpu_count",
    "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset",
    "credential_spec", "depends_on", "develop", "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search",
    "domainname", "external_links", "extra_hosts", "gpus", "group_add", "healthcheck", "init", "ipc", "isolation",
    "label_file", "logging", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness", "memswap_limit",
    "models", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "post_start", "pre_stop",
    "privileged", "profiles", "provider", "pull_policy", "read_only", "restart", "runtime", "secrets", "security_opt",
    "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits",
    "use_api_socket", "user", "userns_mode", "uts", "volumes", "volumes_from", "working_dir",
)  # fmt: skip


def claims(path: str) -> bool:
    """True for ``compose.yaml``, ``docker-compose.yml`` and their variants (``docker-compose.dev.yml``)."""
    return _NAME.fullmatch(posixpath.basename(path)) is not None


def read_file(file: SourceFile, tree: Tree) -> Iterator[object]:
    """Everything that the file's services are."""
    known = _known(file.path, tree)
    for doc in documents(file):
        if isinstance(doc, Diagnostic):
            yield doc
        elif doc.is_mapping:
            services = doc.at("services")
            doc.ignore_rest()  # networks, volumes, extensions: nothing in them is called
            for name, node in services.entries():
                if node.is_mapping:
                    yield from _service(Written(name, node, tuple(_layers(node, services, tree, 0)), known), tree)
            yield from services.problems()


def _known(path: str, tree: Tree) -> Mapping[str, str]:
    read = tree.read(posixpath.join(posixpath.dirname(path), ".env"))
    return {e.key: e.value for e in envfile.entries(read)} if isinstance(read, SourceFile) else {}


def _layers(node: Node, services: Node, tree: Tree, depth: int) -> Iterator[Node]:
    yield node
    extended = node.at("extends")
    if not extended or depth >= _MAX_EXTENDS:
        return
    name = extended.at("service").scalar("") if extended.is_mapping else extended.scalar("")
    file = extended.at("file").scalar(None) if extended.is_mapping else None
    others = services if file is None else _services(beside(node.path, file), tree)
    base = others.at(name) if others else None
    if others is not None and base is not None and base.is_mapping:
        yield from _layers(base, others, tree, depth + 1)
    else:
        extended.invalid(f"no service {name!r} to extend")


def _services(path: str | None, tree: Tree) -> Node | None:
    """The ``services`` of another file."""
    read = tree.read(path) if path else None
    if not isinstance(read, SourceFile):
        return None
    first = next((doc for doc in documents(read) if not isinstance(doc, Diagnostic)), None)
    return first.at("services") if first and first.is_mapping else None


def _service(written: Written, tree: Tree) -> Iterator[object]:
    for layer in written.layers:
        layer.ignore(*_NO_MATTER, *(key for key, _ in layer.names() if key.startswith("x-")))
    own = Labels({**_labels(written), _SELECTOR: written.name})
    meta = Meta(written.name, None, own, NO_LABELS, written.node.key_span)
    found = ports(written)
    context, source = _build(written)
    yield Workload(
        kind="ComposeService",
        meta=meta,
        pod_labels=own,
        pod_annotations=NO_LABELS,
        service_account=None,
        host_network=written.value(written.at("network_mode")) == "host",
        replicas=_replicas(written),
        schedule=None,
        containers=(_container(written, found, tree),),
        build=context,
        span=written.node.span,
    )
    if source:
        yield source
    for name in dict.fromkeys((written.name, *_names(written))):
        yield _named(Meta(name, None, own, NO_LABELS, written.node.key_span), found, written)


def _named(meta: Meta, found: tuple[ServicePort, ...], written: Written) -> Service:
    published = any(port.node_port is not None for port in found)
    selector = Labels({_SELECTOR: written.name})
    kind = "NodePort" if published else "ClusterIP"
    return Service(meta, selector, kind, None, headless=False, ports=found, span=written.node.span)


def _names(written: Written) -> Iterator[str]:
    for key in ("container_name", "hostname"):
        if name := written.value(written.at(key)):
            yield name
    networks = written.at("networks")
    if networks.is_mapping:
        for _, network in networks.entries():
            for alias in network.at("aliases").items() if network else ():
                if name := written.value(alias):
                    yield name
            network.ignore_rest()


def _container(written: Written, found: tuple[ServicePort, ...], tree: Tree) -> Container:
    limits = written.at("deploy").at("resources")
    return Container(
        name=written.name,
        image=written.value(written.at("image")) or "",
        command=_words(written.at("entrypoint"), written),
        args=_words(written.at("command"), written),
        env=environment(written, tree),
        env_from=(),
        ports=tuple(ContainerPort(p.name, p.port, p.protocol, p.span) for p in found),
        requests=_amounts(limits.at("reservations"), written),
        limits=_amounts(limits.at("limits"), written),
        init=False,
        span=written.node.span,
    )


def _amounts(node: Node, written: Written) -> Labels:
    node.ignore("devices", "pids", "generic_resources")
    found = {"cpu": node.at("cpus"), "memory": node.at("memory")}
    return Labels({key: written.value(value) or "" for key, value in found.items() if value})


def _replicas(written: Written) -> int | None:
    deploy = written.at("deploy")
    replicas = deploy.at("replicas")
    deploy.at("resources")
    deploy.ignore("endpoint_mode", "labels", "mode", "placement", "restart_policy", "rollback_config", "update_config")
    value = written.value(replicas) or written.value(written.at("scale")) or ""
    return int(value) if value.isdecimal() else None


def _labels(written: Written) -> Labels:
    found: dict[str, str] = {}
    for node in written.each("labels"):
        if node.is_mapping:
            found |= {key: value.scalar("") for key, value in node.entries()}
        else:
            for item in node.items():
                key, _, value = item.scalar("").partition("=")
                found[key] = value
    return Labels(found)


def _words(node: Node, written: Written) -> tuple[str, ...]:
    if node.is_sequence:
        return tuple(word for item in node.items() if (word := written.value(item)) is not None)
    text = written.value(node) or ""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _build(written: Written) -> tuple[str | None, ImageSource | None]:
    """The build folder, and what it makes."""
    node = written.at("build")
    if not node:
        return None, None
    context = written.value(node.at("context") if node.is_mapping else node) if node else None
    folder = beside(node.path, context if context is not None else ".")
    if folder is None:
        return None, None
    dockerfile = written.value(node.at("dockerfile")) if node.is_mapping else None
    if node.is_mapping:
        node.ignore_rest()
    named = beside(posixpath.join(folder, "x"), dockerfile or "Dockerfile")
    image = written.value(written.at("image"))
    return folder, ImageSource(image, folder, (), (), node.span, named)
