"""Containers: what they run, listen on and get as environment.

Source: core/v1 ``Container``, ``EnvVar``, ``EnvFromSource``.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.facts import Labels
from parsers.facts.kubernetes import Container, ContainerPort, EnvEntry, EnvFrom
from parsers.yamltree import Node

_NO_MATTER = (
    "imagePullPolicy", "lifecycle", "livenessProbe", "readinessProbe", "resizePolicy", "restartPolicy",
    "restartPolicyRules", "securityContext", "startupProbe", "stdin", "stdinOnce", "terminationMessagePath",
    "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir",
)  # fmt: skip


def containers(node: Node, *, init: bool = False) -> Iterator[Container]:
    """Each container of a list."""
    for container in node.items():
        container.ignore(*_NO_MATTER)
        resources = container.at("resources")
        resources.ignore("claims")
        yield Container(
            name=container.at("name").text(""),
            image=container.at("image").text(""),
            command=container.at("command").strings(),
            args=container.at("args").strings(),
            env=tuple(_env(container.at("env"))),
            env_from=tuple(_env_from(container.at("envFrom"))),
            ports=tuple(_ports(container.at("ports"))),
            requests=_quantities(resources.at("requests")),
            limits=_quantities(resources.at("limits")),
            init=init,
            span=container.span,
        )


def _ports(node: Node) -> Iterator[ContainerPort]:
    for port in node.items():
        port.ignore("hostIP", "hostPort")
        number = port.at("containerPort").count(None)
        if number is None:
            if not port.at("containerPort"):
                port.invalid("a port without containerPort")
            continue
        yield ContainerPort(port.at("name").text(None), number, port.at("protocol").text("TCP"), port.span)


def _env(node: Node) -> Iterator[EnvEntry]:
    for entry in node.items():
        name = entry.at("name").text("")
        if not name:
            entry.invalid("a variable without a name")
            continue
        source = entry.at("valueFrom")
        config, secret = source.at("configMapKeyRef"), source.at("secretKeyRef")
        source.ignore("resourceFieldRef", "fileKeyRef")
        config.ignore("optional")
        secret.ignore("optional")
        source.at("fieldRef").ignore("apiVersion")
        yield EnvEntry(
            name=name,
            value=entry.at("value").text(None if source else ""),
            config_map=config.at("name").text(None),
            secret=secret.at("name").text(None),
            key=(config or secret).at("key").text(None),
            field_path=source.at("fieldRef", "fieldPath").text(None),
            span=entry.span,
        )


def _env_from(node: Node) -> Iterator[EnvFrom]:
    for entry in node.items():
        config, secret = entry.at("configMapRef"), entry.at("secretRef")
        config.ignore("optional")
        secret.ignore("optional")
        yield EnvFrom(
            config.at("name").text(None), secret.at("name").text(None), entry.at("prefix").text(""), entry.span
        )


def _quantities(node: Node) -> Labels:
    """Quantities may be written as numbers: ``cpu: 1``."""
    return Labels({key: value.scalar("") for key, value in node.entries()})
