"""Consumers of messages: Kafka, AMQP, SQS, Pub/Sub, NATS, Redis.

Source: kafka-python ``KafkaConsumer(*topics)``, confluent-kafka ``subscribe([...])`` and ``poll``, aiokafka, pika
``basic_consume(queue, on_message_callback)``, aio-pika, boto3 ``receive_message``, google-cloud-pubsub
``subscribe(subscription, callback)``, nats-py ``subscribe(subject, cb=)``, FastStream and faust decorators.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from parsers.python.module import Scope
from parsers.python.routing import Found, Routing, argument, path_text, texts
from parsers.python.servers import Server
from parsers.python.value import Made, Thing, Value, options, settled

_KAFKA = (
    "kafka.KafkaConsumer",
    "aiokafka.AIOKafkaConsumer",
    "confluent_kafka.Consumer",
    "confluent_kafka.DeserializingConsumer",
)
_WORDS = ("kafka", "pika", "boto3", "pubsub", "nats", "faststream", "faust", "redis", "aio_pika", "confluent", "stomp")


def _find(routing: Routing) -> Iterator[Found]:
    yield from _callbacks(routing)
    yield from _polling(routing)
    yield from _iterating(routing)
    for one in routing.decorated():
        if one.attr in ("subscriber", "agent", "subscribe") and one.function.is_function and _messaging(one.function):
            topics = texts(routing.evaluate(argument(one.call, 0, "channel", "topic", "subject"), one.where)) or ("*",)
            for topic in topics:
                yield _found(routing, "broker", topic, routing.thing(one.function))


def _messaging(scope: Scope) -> bool:
    return any(w in scope.module.text for w in _WORDS)


def _callbacks(routing: Routing) -> Iterator[Found]:
    """``channel.basic_consume(queue="x", on_message_callback=f)`` and its like."""
    shapes = {
        "basic_consume": ("amqp", (0, ("queue",)), (1, ("on_message_callback", "consumer_callback", "callback"))),
        "consume": ("amqp", (None, ("queue",)), (0, ("callback",))),
        "subscribe": ("pubsub", (0, ("subscription", "subject", "topic")), (1, ("callback", "cb"))),
    }
    for name, (framework, where, what) in shapes.items():
        for call, scope in routing.calls(name):
            if not _messaging(scope):
                continue
            topic = _topic(routing, argument(call, where[0], *where[1]), scope)
            for thing in routing.things(routing.evaluate(argument(call, what[0], *what[1]), scope)):
                function = thing.name.scope
                if function is not None and function.is_function:
                    target = thing if thing.receiver is not None else routing.thing(function)
                    yield _found(routing, framework, topic, target)


def _topic(routing: Routing, expr: ast.expr | None, scope: Scope) -> str:
    found = path_text(routing.evaluate(expr, scope))[0] if expr is not None else ""
    return found or "*"


def _polling(routing: Routing) -> Iterator[Found]:
    """A function that polls a consumer or a queue."""
    for call, scope in routing.calls("poll", "receive_message", "getmany", "getone"):
        function = _function(scope)
        if function is None or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr == "receive_message":
            queue = _topic(routing, argument(call, None, "QueueUrl"), scope)
            yield _found(routing, "sqs", queue, routing.thing(function))
            continue
        consumer = routing.is_made(routing.evaluate(call.func.value, scope), _KAFKA)
        if consumer is not None:
            for topic in _topics(routing, consumer):
                yield _found(routing, "kafka", topic, routing.thing(function))


def _iterating(routing: Routing) -> Iterator[Found]:
    """``for message in consumer``."""
    for module in routing.values.program.modules():
        if "afka" not in module.text:
            continue
        for scope in module.scope.walk():
            for node in scope.own_nodes():
                if isinstance(node, ast.For | ast.AsyncFor):
                    consumer = routing.is_made(routing.evaluate(node.iter, scope), _KAFKA)
                    function = _function(scope)
                    if consumer is not None and function is not None:
                        for topic in _topics(routing, consumer):
                            yield _found(routing, "kafka", topic, routing.thing(function))


def _function(scope: Scope) -> Scope | None:
    return scope if scope.is_function and not isinstance(scope.node, ast.Lambda) else None


def _topics(routing: Routing, consumer: Made) -> tuple[str, ...]:
    given: list[str] = []
    if not consumer.name.qualified.startswith("confluent"):
        for arg in consumer.call.args:
            given += [t for t in path_text(routing.evaluate(arg, consumer.scope)) if t]
    for call, scope in routing.calls("subscribe"):
        if isinstance(call.func, ast.Attribute) and _same(routing.evaluate(call.func.value, scope), consumer):
            given += [t for t in path_text(routing.evaluate(argument(call, 0, "topics"), scope)) if t]
    return tuple(dict.fromkeys(given)) or ("*",)


def _same(value: Value, consumer: Made) -> bool:
    return any(isinstance(o, Made) and o.call is consumer.call for o in options(settled(value)))


def _found(routing: Routing, framework: str, topic: str, target: Thing) -> Found:
    del routing
    scope = target.name.scope
    assert scope is not None
    return Found(framework, "consumer", "*", topic, target, scope.module.span(scope.node))


CONSUMERS = Server("consumers", _WORDS, _find)
