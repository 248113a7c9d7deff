"""Messages and tasks that are sent: Kafka, AMQP, SNS-like topics of NATS, Celery and other task queues.

Source: kafka-python ``KafkaProducer.send``, confluent-kafka ``Producer.produce``, aiokafka ``send_and_wait``, pika
``basic_publish``, aio-pika ``Exchange.publish``, nats-py ``publish``; Celery 5.6 ``Task.delay``, ``apply_async``,
``Celery.send_task``; RQ ``Queue.enqueue``; dramatiq ``Actor.send``; arq ``enqueue_job``.
Shape: the last part of the URL is the topic, queue or task, which its consumer names too.
"""

from __future__ import annotations

from parsers.facts.python import Template
from parsers.python import tasknames
from parsers.python.clients import Client
from parsers.python.sending import Request, Sent, Site, call, urls
from parsers.python.value import (
    NONE,
    Items,
    Known,
    Table,
    Thing,
    Value,
    concatenate,
    constant_text,
    settled,
    templates,
)

_PRODUCERS = {
    "kafka.KafkaProducer.send": "kafka",
    "aiokafka.AIOKafkaProducer.send": "kafka",
    "aiokafka.AIOKafkaProducer.send_and_wait": "kafka",
    "confluent_kafka.Producer.produce": "kafka",
    "confluent_kafka.SerializingProducer.produce": "kafka",
}
_TASK_CALLS = frozenset({"delay", "apply_async", "s", "si", "send", "send_with_options", "schedule", "kiq", "enqueue"})
_STARTS = frozenset({"delay", "apply_async", "send", "send_with_options", "kiq", "schedule"})
_ROOTS = frozenset(
    {"kafka", "aiokafka", "confluent_kafka", "pika", "aio_pika", "nats", "celery", "rq", "arq", "kombu", "dramatiq"}
)


def _recognise(site: Site) -> Sent | None:
    callee = site.callee
    if isinstance(callee, Thing) and callee.name.scope is not None:
        return _task(site, callee)
    name = site.qualified
    if name in _PRODUCERS:
        return _message(site, "kafka", site.arg(0, "topic"), _bootstrap(site))
    if name.startswith("pika.") and site.attr == "basic_publish":
        key = site.arg(1, "routing_key")
        exchange = site.arg(0, "exchange")
        topic = key if key is not None and settled(key) != Known("") else exchange
        return _message(site, "amqp", topic, None)
    if name.startswith("aio_pika.") and site.attr == "publish":
        return _message(site, "amqp", site.arg(1, "routing_key"), None, pending=True)
    if name.startswith("nats.") and site.attr in ("publish", "request"):
        return _message(site, "nats", site.arg(0, "subject"), None, pending=True)
    if name.startswith("celery.") and site.attr == "send_task":
        text = constant_text(settled(site.arg(0, "name") or NONE))
        return _named(site, tasknames.known_as(site.values, text)) if text else None
    if name.startswith("rq.") and site.attr in ("enqueue", "enqueue_call"):
        return _enqueued(site, site.arg(0, "f", "func"))
    if name.startswith("arq.") and site.attr == "enqueue_job":
        text = constant_text(settled(site.arg(0, "function") or NONE))
        return _named(site, tasknames.known_as(site.values, text), pending=True) if text else None
    return None


def _task(site: Site, callee: Thing) -> Sent | None:
    """``task.delay(x)``, ``actor.send(x)`` of a decorated function of the tree."""
    scope = callee.name.scope
    if scope is None or not scope.is_function or callee.name.rest[-1] not in _STARTS or len(callee.name.rest) != 1:
        return None
    return _named(site, tasknames.name_of(site.values, scope))


def _enqueued(site: Site, function: Value | None) -> Sent | None:
    inner = settled(function) if function is not None else NONE
    if isinstance(inner, Thing) and inner.name.scope is not None:
        return _named(site, tasknames.name_of(site.values, inner.name.scope))
    text = constant_text(inner)
    return _named(site, tasknames.known_as(site.values, text)) if text else None


def _named(site: Site, name: str, *, pending: bool = False) -> Sent:
    request = Request(client="task-queue", method="*", url=((name,),), protocol="task")
    return Sent(call(site, request), pending=pending, part="body")


def _bootstrap(site: Site) -> Value | None:
    maker = site.maker
    if maker is None:
        return None
    if maker.name.qualified.startswith("confluent_kafka"):
        config = settled(site.made_by(maker, 0, "config") or NONE)
        return config.get("bootstrap.servers") if isinstance(config, Table) else None
    given = site.made_by(maker, None, "bootstrap_servers")
    inner = settled(given) if given is not None else NONE
    return inner.items[0] if isinstance(inner, Items) and inner.items else given


def _message(site: Site, protocol: str, topic: Value | None, broker: Value | None, *, pending: bool = False) -> Sent:
    named = topic if topic is not None else Known("*")
    url: tuple[Template, ...]
    if broker is not None and settled(broker) != NONE:
        url = urls(concatenate((Known(f"{protocol}://"), broker, Known("/"), named)))
    else:
        url = templates(named)
    request = Request(client=protocol, method="*", url=url, protocol=protocol)
    return Sent(call(site, request), pending=pending and not site.qualified.startswith("kafka"), part="body")


BROKERS = Client("brokers", _ROOTS, _recognise, attrs=_TASK_CALLS)
