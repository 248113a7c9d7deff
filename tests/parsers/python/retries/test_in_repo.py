"""Decorators, helpers and recursion of the repository itself."""

from __future__ import annotations

from tests.parsers.python.retries.reading import attempts, only, sites

FACTORY = """
import functools
def retry(tries=4):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            left = tries
            while left > 1:
                try:
                    return function(*args, **kwargs)
                except OSError:
                    left -= 1
        return wrapper
    return decorate
"""


def test_a_decorator_counts_what_its_body_does_and_not_what_it_is_told() -> None:
    assert attempts("from retrying_here import retry\n@retry(tries=6)\ndef f(): ...", retrying_here=FACTORY) == "5"


def test_a_decorators_default_is_what_is_used() -> None:
    assert attempts("from retrying_here import retry\n@retry()\ndef f(): ...", retrying_here=FACTORY) == "3"


def test_the_idiom_names_the_decorator() -> None:
    retry = only("from retrying_here import retry\n@retry()\ndef f(): ...", retrying_here=FACTORY)
    assert (retry.idiom, retry.condition.exceptions) == ("decorator:retrying_here.retry", ("OSError",))


def test_a_decorator_over_tenacity_is_followed() -> None:
    text = """
    import tenacity
    def retry(retries=3):
        def decorate(function):
            def wrapper(*args):
                r = tenacity.Retrying(stop=tenacity.stop_after_attempt(retries), reraise=True)
                return r(function, *args)
            return wrapper
        return decorate
    @retry(retries=7)
    def f(): ...
    """
    assert [str(r.attempts) for r in sites(text) if r.idiom == "decorator:app.retry"] == ["7"]


def test_a_class_may_decorate() -> None:
    text = """
    class Retry:
        def __init__(self, times):
            self.times = times
        def __call__(self, function):
            def wrapper(*args):
                for _ in range(self.times):
                    try:
                        return function(*args)
                    except OSError:
                        pass
            return wrapper
    @Retry(5)
    def f(): ...
    """
    assert [str(r.attempts) for r in sites(text) if r.idiom.startswith("decorator:")] == ["5"]


def test_a_decorator_that_does_not_loop_is_none() -> None:
    text = """
    def retry(function):
        def wrapper():
            try:
                return function()
            except OSError:
                raise
        return wrapper
    @retry
    def f(): ...
    """
    assert sites(text) == []


def test_a_helper_is_counted_where_it_is_called() -> None:
    text = """
    def with_retries(function, times):
        for _ in range(times):
            try:
                return function()
            except OSError:
                pass
    def f(client):
        return with_retries(lambda: client.get(), times=4)
    """
    found = [r for r in sites(text) if r.idiom.startswith("call:")]
    assert [(str(r.attempts), r.idiom) for r in found] == [("4", "call:app.with_retries")]


def test_a_helper_that_maps_is_no_retry() -> None:
    text = """
    def each(function, items):
        for item in items:
            function(item)
    def f(client):
        each(client.get, [1, 2, 3])
    """
    assert sites(text) == []


def test_a_retry_object_of_a_function_of_the_tree_is_found() -> None:
    text = """
    import tenacity
    def attempts_of(n=4):
        return tenacity.Retrying(stop=tenacity.stop_after_attempt(n))
    def f(call):
        for attempt in attempts_of(n=6):
            with attempt:
                return call()
    """
    assert [str(r.attempts) for r in sites(text) if r.symbol == "app.f"] == ["6"]


def test_recursion_with_a_counter_is_a_retry_at_the_line_of_the_call() -> None:
    text = """
    def f(call, retries=3):
        try:
            return call()
        except OSError:
            if retries <= 0:
                raise
            return f(call, retries - 1)
    """
    retry = only(text)
    assert (retry.idiom, retry.span.line, str(retry.default)) == ("recursion", 8, "4")


def test_recursion_over_pages_is_none() -> None:
    text = """
    def f(call, page=0):
        try:
            call(page)
        except OSError:
            pass
        if page < 3:
            f(call, page + 1)
    """
    assert sites(text) == []


def test_a_handler_that_calls_again_is_two_attempts() -> None:
    text = """
    def f(call, login):
        try:
            return call()
        except PermissionError:
            login()
            return call()
    """
    assert (only(text).idiom, attempts(text)) == ("except", "2")


def test_a_retry_decorator_of_another_package_is_told_without_a_number() -> None:
    text = """
    from company.tools import retry
    @retry(times=3)
    def f(): ...
    """
    assert attempts(text) == "dynamic"


def test_an_attribute_of_an_unknown_object_is_what_the_classes_have_under_its_name() -> None:
    text = """
    def get_retry(codes, max_attempts=8):
        def _retry(function, *args, **kwargs):
            for idx in range(max_attempts):
                try:
                    return function(*args, **kwargs)
                except OSError as error:
                    if error.code not in codes:
                        raise
                    elif idx == max_attempts - 1:
                        raise
        return _retry
    class Manager:
        retry = staticmethod(get_retry(("Throttled",)))
    def f(action, client):
        action.manager.retry(client.describe, Name="x")
    """
    found = [r for r in sites(text) if r.idiom.startswith("call:")]
    assert [(r.idiom, str(r.attempts)) for r in found] == [("call:retry", "8")]
