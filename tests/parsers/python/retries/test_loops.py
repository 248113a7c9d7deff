from __future__ import annotations

import pytest

from parsers.quantities import UNBOUNDED, Count
from tests.parsers.python.retries.reading import attempts, only, sites

CALL = """
import requests, time
def fetch(url, session):
"""


def test_a_counter_tested_before_the_call_loses_one() -> None:
    text = """
    def f(call, retries=3):
        n = 0
        while True:
            n += 1
            if n >= retries:
                raise RuntimeError
            try:
                return call()
            except OSError:
                pass
    """
    assert attempts(text) == "dynamic 2"


def test_a_parameter_without_default_is_for_run_time_to_say() -> None:
    text = """
    def f(call, times):
        for _ in range(times):
            try:
                return call()
            except OSError:
                pass
    """
    assert attempts(text) == "dynamic"


def test_a_setting_of_another_package_is_for_run_time_to_say() -> None:
    text = """
    from elsewhere import CONF
    def f(call):
        for i in range(CONF.api.attempts):
            try:
                return call()
            except OSError:
                if i == CONF.api.attempts - 1:
                    raise
    """
    assert attempts(text) == "dynamic"


def test_a_constructor_argument_that_every_instance_gives_is_exact() -> None:
    text = """
    class Client:
        def __init__(self, retries=3):
            self.retries = retries
        def get(self, call):
            for _ in range(self.retries):
                try:
                    return call()
                except OSError:
                    pass
    client = Client(retries=7)
    """
    assert attempts(text) == "7"


def test_a_constructor_default_is_only_a_default() -> None:
    text = """
    class Client:
        def __init__(self, retries=3):
            self.retries = retries
        def get(self, call):
            for _ in range(self.retries):
                try:
                    return call()
                except OSError:
                    pass
    """
    assert attempts(text) == "dynamic 3"


def test_a_deadline_alone_is_no_bound_on_attempts() -> None:
    text = """
    import time
    def f(call):
        deadline = time.time() + 30
        while time.time() < deadline:
            try:
                return call()
            except OSError:
                time.sleep(1)
    """
    assert only(text).attempts == UNBOUNDED


def test_count_and_time_together_do_not_stop_it() -> None:
    text = """
    import time
    def f(call):
        start, n = time.monotonic(), 0
        while True:
            try:
                return call()
            except OSError:
                n += 1
                if n > 3 and time.monotonic() - start > 60:
                    raise
    """
    assert only(text).attempts == UNBOUNDED


def test_oslo_reraises_unless_told_not_to() -> None:
    text = """
    from oslo_utils import excutils
    def f(call):
        tries = 0
        while True:
            try:
                return call()
            except OSError:
                with excutils.save_and_reraise_exception() as ctxt:
                    tries += 1
                    if tries < 60:
                        ctxt.reraise = False
    """
    assert attempts(text) == "60"


def test_delays_of_a_generator_are_counted() -> None:
    text = """
    import time
    def delays():
        for i in range(4):
            yield 2 ** i
    def f(call):
        for delay in delays():
            try:
                return call()
            except OSError:
                time.sleep(delay)
        return call()
    """
    assert attempts(text) == "5"


def test_a_helper_in_the_handler_may_end_it() -> None:
    text = """
    LIMIT = 4
    def give_up(n):
        return n >= LIMIT
    def f(call):
        n = 0
        while True:
            try:
                return call()
            except OSError:
                n += 1
                if give_up(n):
                    raise
    """
    assert attempts(text) == "4"


def test_handlers_say_what_it_repeats_on() -> None:
    text = """
    import requests
    def f(url):
        for i in range(3):
            try:
                return requests.get(url)
            except (requests.ConnectionError, requests.Timeout):
                continue
            except KeyError:
                raise
    """
    assert only(text).condition.exceptions == ("requests.ConnectionError", "requests.Timeout")


@pytest.mark.parametrize(
    ("test", "statuses"),
    [
        ("if r.status_code == 200:\n                return r", ("!=200",)),
        ("if r.status_code in (429, 503):\n                continue\n            return r", ("429", "503")),
        ("if r.status_code < 500:\n                return r", (">=500",)),
    ],
)
def test_status_tests_say_what_it_repeats_on(test: str, statuses: tuple[str, ...]) -> None:
    text = f"""
    import requests
    def f(url):
        for attempt in range(3):
            r = requests.get(url)
            {test}
    """
    assert only(text).condition.statuses == statuses


def test_what_is_raised_in_the_end_is_told() -> None:
    text = """
    class Down(Exception): ...
    def f(call):
        for _ in range(3):
            try:
                return call()
            except OSError:
                pass
        raise Down
    """
    assert only(text).exhausted == "app.Down"


def test_the_least_wait_between_attempts_is_told() -> None:
    text = """
    import time
    def f(call):
        for _ in range(3):
            try:
                return call()
            except OSError:
                time.sleep(2)
    """
    assert only(text).min_wait_s == 2.0


def test_a_large_range_is_exact() -> None:
    text = """
    def f(call):
        for _ in range(1000):
            try:
                return call()
            except OSError:
                pass
    """
    assert only(text).attempts == Count(1000)


LOOK_ALIKES = {
    "items that are each tried": """
        def f(call, urls):
            for url in urls:
                try:
                    return call(url)
                except OSError:
                    continue
    """,
    "a queue": """
        def f(queue):
            while True:
                try:
                    return queue.get(timeout=1)
                except Exception:
                    continue
    """,
    "a daemon": """
        def f(work, stop):
            while not stop.is_set():
                try:
                    work()
                except Exception:
                    pass
    """,
    "a port that is another each time": """
        import random
        def f(bind):
            for attempt in range(10):
                port = random.randint(1, 9)
                try:
                    return bind(port)
                except OSError:
                    pass
    """,
    "a job that is looked at until it has ended": """
        def f(job):
            while True:
                try:
                    return job.result(timeout=1)
                except TimeoutError:
                    continue
    """,
    "entries, not tries": """
        def f(registry):
            for entry in registry:
                try:
                    registry.load(entry)
                    return entry
                except OSError:
                    pass
    """,
    "a batch that shrinks": """
        def f(call, ids):
            while ids:
                try:
                    return call(ids)
                except OSError as error:
                    ids.remove(error.id)
    """,
}


@pytest.mark.parametrize("name", sorted(LOOK_ALIKES))
def test_a_look_alike_is_no_retry(name: str) -> None:
    assert sites(LOOK_ALIKES[name]) == []
