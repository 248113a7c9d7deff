"""What each library's construct counts to: the measured numbers of spec/python_retries.json."""

from __future__ import annotations

import pytest

from parsers.facts.python import Retry
from parsers.plugins import collect
from parsers.python import retries
from parsers.python.idioms import RetryIdiom
from parsers.python.program import Program
from parsers.python.retries import Retries
from parsers.python.values import Values
from parsers.quantities import UNBOUNDED, Count
from parsers.source import MemoryTree
from tests.parsers.python.retries.reading import attempts, only, sites

T = "import tenacity\nfrom tenacity import *\n"
DECORATED = {
    "@tenacity.retry": "inf",
    "@tenacity.retry()": "inf",
    "@tenacity.retry(stop=tenacity.stop_after_attempt(0))": "1",
    "@tenacity.retry(stop=tenacity.stop_after_attempt(3))": "3",
    "@tenacity.retry(stop=tenacity.stop_after_delay(30))": "inf",
    "@tenacity.retry(stop=tenacity.stop_after_attempt(4) | tenacity.stop_after_delay(30))": "4",
    "@tenacity.retry(stop=tenacity.stop_after_attempt(4) & tenacity.stop_after_delay(30))": "inf",
    "@tenacity.retry(stop=tenacity.stop_any(tenacity.stop_after_attempt(4), tenacity.stop_after_attempt(7)))": "4",
    "@tenacity.retry(stop=tenacity.stop_all(tenacity.stop_after_attempt(4), tenacity.stop_after_attempt(7)))": "7",
    "@tenacity.retry(stop=tenacity.stop_never)": "inf",
    "@tenacity.retry(stop=lambda state: state.attempt_number >= 4)": "4",
    "@tenacity.retry(retry=tenacity.retry_never)": "1",
    "@tenacity.retry(enabled=False)": "1",
    "@backoff.on_exception(backoff.expo, OSError)": "inf",
    "@backoff.on_exception(backoff.expo, OSError, max_tries=0)": "inf",
    "@backoff.on_exception(backoff.expo, OSError, max_tries=3)": "3",
    "@backoff.on_exception(backoff.expo, OSError, max_time=300)": "inf",
    "@backoff.on_exception(backoff.constant, OSError, interval=[1, 2, 3])": "4",
    "@backoff.on_predicate(backoff.expo, max_tries=3)": "3",
    "@stamina.retry(on=OSError)": "10",
    "@stamina.retry(on=OSError, attempts=3)": "3",
    "@stamina.retry(on=OSError, attempts=None)": "inf",
    "@stamina.retry(on=OSError, timeout=0)": "1",
    "@retrying.retry": "inf",
    "@retrying.retry(stop_max_attempt_number=3)": "3",
    "@retrying.retry(stop='stop_after_attempt')": "5",
    "@retry.retry()": "inf",
    "@retry.retry(OSError, tries=3)": "3",
    "@retry.retry(tries=0)": "0",
    "@opnieuw.retry(retry_on_exceptions=OSError)": "3",
    "@opnieuw.retry(retry_on_exceptions=OSError, max_calls_total=5)": "5",
    "@funcy.retry(5)": "5",
    "@retryhttp.retry": "3",
    "@async_retrying.retry(attempts=...)": "inf",
    "@oslo_db.api.wrap_db_retry(max_retries=5)": "6",
    "@oslo_db.api.wrap_db_retry()": "21",
    "@neutron_lib.db.api.retry_db_errors": "21",
    "@oslo_service.loopingcall.RetryDecorator(max_retry_count=5, exceptions=(OSError,))": "6",
    "@oslo_service.loopingcall.RetryDecorator(max_retry_count=5)": "1",
    "@ratelimit.sleep_and_retry": "1",
    "@celery.shared_task(autoretry_for=(OSError,))": "4",
    "@celery.shared_task(autoretry_for=(OSError,), max_retries=5)": "6",
    "@celery.shared_task(autoretry_for=(OSError,), max_retries=2, retry_kwargs={'max_retries': 5})": "6",
    "@celery.shared_task(autoretry_for=(OSError,), max_retries=None)": "inf",
    "@dramatiq.actor": "21",
    "@dramatiq.actor(max_retries=3)": "4",
    "@huey.task(retries=2)": "3",
    "@prefect.task(retries=2)": "3",
    "@airflow.decorators.task(retries=2)": "3",
}


@pytest.mark.parametrize("decorator", sorted(DECORATED))
def test_a_decorator_counts(decorator: str) -> None:
    module = decorator.removeprefix("@").partition(".")[0]
    more = "oslo_db.api, oslo_service.loopingcall, neutron_lib.db.api, airflow.decorators, backoff"
    text = f"import {module}, {more}\n{decorator}\ndef f():\n    return work()\n"
    assert attempts(text) == DECORATED[decorator]


WRITTEN = {
    "urllib3.Retry()": "11",
    "urllib3.Retry(total=4, status_forcelist=[503])": "5",
    "urllib3.Retry(total=10, status=2, connect=2, read=0, other=0)": "3",
    "urllib3.Retry(total=5, connect=5, read=2)": "6",
    "urllib3.Retry(False)": "1",
    "requests.adapters.HTTPAdapter(max_retries=3)": "4",
    "requests.adapters.HTTPAdapter(max_retries=0)": "1",
    "httpx.HTTPTransport(retries=3)": "4",
    "httpx_retries.RetryTransport()": "11",
    "aiohttp_retry.ExponentialRetry(attempts=5)": "5",
    "aiohttp_retry.ExponentialRetry(attempts=0)": "inf",
    "google.api_core.retry.Retry(deadline=60)": "inf",
    "google.api_core.retry.Retry(timeout=0)": "1",
    "botocore.config.Config(retries={'max_attempts': 4})": "5",
    "botocore.config.Config(retries={'max_attempts': 0})": "1",
    "botocore.config.Config(retries={'total_max_attempts': 3, 'max_attempts': 9})": "3",
    "botocore.config.Config(retries={'total_max_attempts': 200})": "36",
    "botocore.config.Config(retries={'mode': 'legacy'})": "5",
    "azure.core.pipeline.policies.RetryPolicy(retry_total=5)": "4",
    "azure.core.pipeline.policies.RetryPolicy(retry_total=2)": "3",
    "openai.OpenAI(max_retries=5)": "6",
    "anthropic.Anthropic(max_retries=0)": "1",
    "stripe.StripeClient('k', max_network_retries=4)": "5",
    "redis.retry.Retry(None, 3)": "4",
    "redis.retry.Retry(None, -1)": "inf",
    "elasticsearch.Elasticsearch(max_retries=1)": "2",
    "pika.ConnectionParameters(connection_attempts=3)": "3",
    "rq.Retry(max=3)": "4",
    "arq.func(work, max_tries=7)": "7",
    "temporalio.common.RetryPolicy()": "inf",
    "temporalio.common.RetryPolicy(maximum_attempts=3)": "3",
    "keystoneauth1.session.Session(connect_retries=2)": "3",
    "slack_sdk.http_retry.RateLimitErrorRetryHandler(max_retry_count=2)": "3",
    "chain.with_retry(stop_after_attempt=5)": "5",
    "request.execute(num_retries=3)": "4",
}


@pytest.mark.parametrize("call", sorted(WRITTEN))
def test_a_setting_counts(call: str) -> None:
    module = call.partition("(")[0].rpartition(".")[0]
    text = f"import {module}\nx = {call}\n" if module not in ("chain", "request") else f"x = {call}\n"
    assert attempts(text) == WRITTEN[call]


def client(expression: str, module: str) -> list[str]:
    program = Program(MemoryTree({"app.py": f"import {module}\nclient = {expression}\n"}))
    values = Values(program)
    found = program.module("app.py")
    assert found is not None
    value = values.evaluate(found.tree.body[1].value, found.scope)  # type: ignore[attr-defined]  # the assignment
    return [str(r.attempts) for r in Retries(program, values).of_client(value, found.scope)]


@pytest.mark.parametrize(
    ("expression", "module", "expected"),
    [
        ("urllib3.PoolManager()", "urllib3", ["4"]),
        ("urllib3.PoolManager(retries=False)", "urllib3", ["1"]),
        ("requests.Session()", "requests", []),
        ("httpx.Client()", "httpx", []),
        ("httpx.Client(transport=httpx.HTTPTransport(retries=2))", "httpx", ["3"]),
        ("aiohttp.ClientSession()", "aiohttp", ["2"]),
        ("boto3.client('sqs')", "boto3", ["3"]),
        ("boto3.client('dynamodb')", "boto3", ["4"]),
        ("openai.OpenAI()", "openai", ["3"]),
        ("stripe.StripeClient('k')", "stripe", ["1"]),
        ("redis.Redis()", "redis", ["11"]),
        ("redis.from_url('redis://r')", "redis", ["1"]),
        ("pymongo.MongoClient()", "pymongo", ["2"]),
        ("elasticsearch.Elasticsearch()", "elasticsearch", ["4"]),
        ("grpc.insecure_channel('a:1')", "grpc", []),
        ("kafka.KafkaProducer()", "kafka", ["inf"]),
    ],
)
def test_a_client_repeats_also_where_nobody_wrote_it(expression: str, module: str, expected: list[str]) -> None:
    assert client(expression, module) == expected


def channel(policy: str) -> Retry:
    text = f"""
    import grpc, json
    config = json.dumps({{"methodConfig": [{{"name": [{{}}], "retryPolicy": {policy}}}]}})
    channel = grpc.insecure_channel("a:1", options=[("grpc.service_config", config)])
    """
    return only(text)


def test_grpc_makes_at_most_five_attempts() -> None:
    retry = channel('{"maxAttempts": 10, "retryableStatusCodes": ["UNAVAILABLE"]}')
    assert (retry.attempts, retry.condition.causes) == (Count(5), ("grpc-unavailable",))


def test_a_wrong_type_in_a_grpc_config_is_no_retry() -> None:
    text = """
    import grpc
    channel = grpc.insecure_channel("a:1", options=[("grpc.service_config", "[1, 2")])
    """
    assert only(text).condition.unknown


def test_urllib3_statuses_and_methods_are_told() -> None:
    condition = only("import urllib3\nx = urllib3.Retry(3, status_forcelist=[502], allowed_methods=['POST'])").condition
    assert ("502" in condition.causes, condition.methods) == (True, frozenset({"POST"}))


def test_time_alone_is_bounded_by_the_shortest_waits() -> None:
    retry = only(f"{T}@retry(stop=stop_after_delay(10), wait=wait_fixed(1))\ndef f(): ...")
    assert (retry.attempts, retry.deadline_s, retry.min_wait_s, retry.at_most()) == (UNBOUNDED, 10.0, 1.0, Count(11))


def test_tenacity_tells_what_comes_out_in_the_end() -> None:
    ends = [only(f"{T}@retry({arguments})\ndef f(): ...").exhausted for arguments in ("", "reraise=True")]
    assert ends == ["tenacity.RetryError", "same"]


def test_a_result_predicate_replaces_the_one_for_exceptions() -> None:
    condition = only(f"{T}@retry(retry=retry_if_result(bool))\ndef f(): ...").condition
    assert (condition.result, "Exception" in condition.exceptions) == (True, False)


def test_an_iterator_without_with_lets_the_first_failure_out() -> None:
    assert sites("import tenacity\ndef f(call):\n    for _ in tenacity.Retrying():\n        return call()\n") == []


def test_a_task_that_calls_retry_itself_is_repeated() -> None:
    text = """
    from celery import shared_task
    @shared_task(bind=True)
    def f(self):
        try:
            work()
        except OSError as error:
            raise self.retry(exc=error, max_retries=6)
    """
    assert attempts(text) == "7"


def test_a_task_with_max_retries_alone_is_not() -> None:
    assert sites("from celery import shared_task\n@shared_task(max_retries=5)\ndef f(): ...") == []


def test_a_number_from_the_environment_is_dynamic_with_its_default() -> None:
    text = """
    import os, tenacity
    N = int(os.environ.get("N", "4"))
    @tenacity.retry(stop=tenacity.stop_after_attempt(N))
    def f(): ...
    """
    assert attempts(text) == "dynamic 4"


def test_every_plugin_holds_one_idiom_with_constructs() -> None:
    found = collect(retries, RetryIdiom)
    assert len(found) >= 50
    assert all(i.constructs for i in found)
