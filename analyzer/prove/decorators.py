"""Retry decorators of the real libraries, with the attempts and the condition of a layer, and without its waits."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.amplification.ends import attempts_of
from analyzer.amplification.numbers import Unbounded
from analyzer.prove.clients import MANY
from parsers.facts.python import Retry


def attempts(retry: Retry) -> int:
    """Attempts to make; very many where there is no bound."""
    attempts = attempts_of(retry)
    return MANY if isinstance(attempts, Unbounded) else int(attempts)


def with_tenacity(retry: Retry, wanted: Callable[[BaseException], bool]) -> Callable[..., object]:
    """What calls a function as ``tenacity.retry`` would."""
    import tenacity

    stop = tenacity.stop_after_attempt(attempts(retry))
    chosen = tenacity.retry_if_exception(wanted)
    return tenacity.Retrying(stop=stop, retry=chosen, wait=tenacity.wait_none(), reraise=retry.exhausted == "same")


def with_backoff(
    retry: Retry, wanted: Callable[[BaseException], bool], body: Callable[[], None]
) -> Callable[[], object]:
    """The body as ``backoff.on_exception`` runs it."""

    def decorated() -> object:
        import backoff

        return backoff.on_exception(
            backoff.constant,
            Exception,
            interval=0,
            jitter=None,
            max_tries=attempts(retry),
            giveup=lambda e: not wanted(e),
        )(body)()

    return decorated


def with_stamina(
    retry: Retry, wanted: Callable[[BaseException], bool], body: Callable[[], None]
) -> Callable[[], object]:
    """The body as ``stamina.retry`` runs it."""

    def decorated() -> object:
        import stamina
        import stamina.instrumentation

        stamina.instrumentation.set_on_retry_hooks(())  # it would tell of every attempt
        return stamina.retry(
            on=wanted, attempts=attempts(retry), wait_initial=0, wait_max=0, wait_jitter=0, timeout=None
        )(body)()

    return decorated
