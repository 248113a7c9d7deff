"""Message brokers among the services: where a message goes that nobody is known to take."""

from __future__ import annotations

from collections import defaultdict

from analyzer.linking.mesh import Mesh
from analyzer.linking.names import image_name

#: How images of brokers are called, by what is spoken to them.
_IMAGES = {
    "amqp": ("rabbitmq", "lavinmq", "activemq"),
    "kafka": ("kafka", "cp-kafka", "redpanda"),
    "nats": ("nats",),
    "mqtt": ("mosquitto", "eclipse-mosquitto", "emqx"),
}


class Brokers:
    """Services behind which a broker runs, by protocol."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._found: defaultdict[str, list[str]] = defaultdict(list)
        for service in mesh.services.values():
            images = {image_name(c.image) for p in service.pods if p.fact for c in p.fact.containers}
            headless = service.fact is not None and service.fact.headless
            for protocol, names in _IMAGES.items():
                if not headless and any(image.startswith(names) for image in images):
                    self._found[protocol].append(service.id)

    def of(self, protocol: str, namespace: str) -> str | None:
        """The broker that takes messages of a protocol, where there is one in the namespace, or one at all."""
        every = self._found.get(protocol, [])
        here = [i for i in every if i.partition("/")[0] == namespace]
        ids = sorted(here or every, key=lambda i: (len(i), i))
        programs = {tuple(p.id for p in self._mesh.services[i].pods) for i in ids}
        return ids[0] if len(programs) == 1 else None
