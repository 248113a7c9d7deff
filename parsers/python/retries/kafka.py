"""Kafka producers: forever within the delivery timeout, where nothing is written.

Source: dpkp/kafka-python 3.0.12 kafka/producer/kafka.py DEFAULT_CONFIG; confluentinc/librdkafka CONFIGURATION.md, read.
Units: ``retries`` counts retries; timeouts are milliseconds.
"""

from __future__ import annotations

from parsers.facts.python import Retry, RetryCondition
from parsers.python.idioms import FOREVER, RetryIdiom, Role, Written, amount, construct, from_retries
from parsers.python.value import Known, Table, settled

CONDITION = RetryCondition(causes=("connect-failure", "reset", "timeout"))
PRODUCERS = ("kafka.KafkaProducer", "kafka.producer.KafkaProducer", "aiokafka.AIOKafkaProducer")
CONFLUENT = ("confluent_kafka.Producer", "confluent_kafka.SerializingProducer")
#: delivery_timeout_ms (kafka-python) and message.timeout.ms (librdkafka).
DELIVERY_S, MESSAGE_S = 120.0, 300.0


def producer(written: Written) -> Retry | None:
    """``KafkaProducer(retries=5)``."""
    bound = amount(written.value("retries"), FOREVER, from_retries)
    return written.retry("kafka.KafkaProducer", bound, CONDITION, deadline_s=DELIVERY_S)


def confluent(written: Written) -> Retry | None:
    """``Producer({"message.send.max.retries": 5})``."""
    table = settled(written.value("conf", at=0) or Known(None))
    number = (table.get("message.send.max.retries") or table.get("retries")) if isinstance(table, Table) else None
    bound = amount(number, FOREVER, from_retries)
    return written.retry("confluent_kafka.Producer", bound, CONDITION, deadline_s=MESSAGE_S)


KAFKA = RetryIdiom("kafka", (construct(PRODUCERS, Role.CLIENT, producer), construct(CONFLUENT, Role.CLIENT, confluent)))
