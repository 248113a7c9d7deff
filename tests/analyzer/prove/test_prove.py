"""Experiments on a real Envoy: small systems, every verdict, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.amplification import CallFacts, System, amplify, scenario
from analyzer.findings import Evidence
from analyzer.model import Layer, Passage, Shadow
from analyzer.prove import Limits, ProveOptions, experiment, prove, render
from analyzer.prove.envoy import Envoy, EnvoyError
from analyzer.prove.proxies import retry_policy
from analyzer.prove.results import Experiment, Row
from parsers.facts.python import NOTHING, Answer, Block, Catch, Guard, Send
from parsers.quantities import UNBOUNDED
from tests.analyzer.amplification.chains import HERE, Hop, asks, chain, client, op, passes_on, sidecar, tries

pytest.importorskip("envoy", reason="the extra prove is not installed")

ROOT = Path(__file__).parents[3]


def _one(system: System, cause: str, last: str = "c", **limits: int) -> Experiment:
    return experiment(system, scenario(system, op("a"), op(last), cause), Limits(**limits))


def test_application_and_sidecar_multiply_as_predicted() -> None:
    hops = [Hop("a", tries(3, asks(1)), (sidecar(2, "503"),)), Hop("b", passes_on(1), (sidecar(2, "503"),))]
    found = _one(chain(hops, "c"), "503")
    assert found.verdict == "equal"
    assert {r.operation.service: r.measured for r in found.rows} == {"shop/a": 1, "shop/b": 6, "shop/c": 12}


def test_refused_connections_are_counted_as_tries() -> None:
    system = chain([Hop("a", tries(2, asks(1)), (sidecar(3, "connect-failure"),))], "c")
    found = _one(system, "connect-failure")
    assert [(r.operation.service, r.measured) for r in found.rows] == [("shop/a", 1), ("shop/c", 6)]


def test_a_per_try_timeout_cuts_and_repeats_where_the_condition_covers_it() -> None:
    layer = replace(sidecar(3, "reset", "per-try-timeout"), retries_on=("reset",), per_try_timeout_s=0.2)
    found = _one(chain([Hop("a", passes_on(1, timeout_s=None), (layer,))], "c"), "timeout")
    assert [r.measured for r in found.rows] == [1, 3]
    assert found.verdict == "equal"


def test_an_exception_that_is_caught_stops_the_retries_above() -> None:
    body = Guard(asks(1), (Catch(("app.Failed",), Answer("200", None, HERE)),), NOTHING, NOTHING)
    hops = [Hop("a", tries(3, asks(1)), (sidecar(3, "503"),)), Hop("b", body, (sidecar(2, "503"),))]
    found = _one(chain(hops, "c"), "503")
    assert [r.measured for r in found.rows] == [1, 1, 2]
    assert found.verdict == "equal"


def test_a_mirror_gets_one_copy_of_each_request() -> None:
    system = chain([Hop("a", passes_on(1), (sidecar(3, "503"),))], "c")
    call = system.calls["a->c"]
    copied = replace(call, passage=replace(call.passage, shadows=(Shadow("shop/m", 100.0, Evidence("mirror")),)))
    found = _one(System(system.programs, {call.id: copied}), "503")
    assert {r.operation.service: r.measured for r in found.rows} == {"shop/a": 1, "shop/c": 3, "shop/m": 1}


def test_a_service_without_code_fails_in_the_way_that_is_worst() -> None:
    calls = [
        CallFacts("a->b", op("a"), op("b"), passage=Passage(layers=(sidecar(3, "503"),))),
        CallFacts("b->c", op("b"), op("c"), passage=Passage(layers=(sidecar(2, "500"),))),
    ]
    found = _one(System({}, {c.id: c for c in calls}), "500")
    assert [r.measured for r in found.rows] == [1, 3, 6]
    assert found.verdict == "equal"
    assert any("no code" in n for n in found.notes)


def test_what_is_too_much_is_refused_and_a_part_of_the_chain_is_proved_instead() -> None:
    hops = [Hop(n, tries(5, asks(1)), (sidecar(2, "503"),), "503") for n in "ab"]
    result = prove(
        amplify(chain(hops, "c"), (op("a"),)), ProveOptions(chains=1, causes=("503",), limits=Limits(requests=60))
    )
    (found,) = result.experiments
    assert (found.failing, found.verdict) == (op("b"), "equal")


def test_a_number_without_bound_is_not_run() -> None:
    found = _one(chain([Hop("a", tries(None, asks(1)), (sidecar(2, "503"),))], "c"), "503")
    assert found.verdict == "skipped"
    assert "no bound" in str(found.skipped)


def test_a_layer_of_another_mesh_is_named_and_not_guessed() -> None:
    layer = replace(sidecar(2, "503"), name="linkerd")
    found = _one(chain([Hop("a", passes_on(1), (layer,))], "c"), "503")
    assert "linkerd" in str(found.skipped)


def test_measured_above_predicted_is_said_aloud() -> None:
    row = Row(op("c"), predicted=3, measured=4, exact=True)
    assert row.verdict == "UNSOUND"
    assert Experiment(op("a"), op("c"), "503", (row,)).verdict == "UNSOUND"


def test_the_text_shows_predicted_beside_measured() -> None:
    system = chain([Hop("a", passes_on(1), (sidecar(2, "503"),))], "c")
    text = render(prove(amplify(system, (op("a"),)), ProveOptions(causes=("503",))))
    assert "1 of 1 experiments equal" in text
    assert "shop/c          2         2" in text


def test_conditions_go_to_envoy_as_they_are_written() -> None:
    layer = replace(sidecar(3, "503", "reset"), retries_on=("reset", "503"))
    policy = retry_policy(layer)
    assert policy is not None
    assert policy["num_retries"] == 2
    assert policy["retry_on"] == "reset,retriable-status-codes"
    assert policy["retriable_status_codes"] == [503]


@pytest.mark.parametrize("layer", [sidecar(1, "503"), replace(sidecar(3, "503"), attempts=UNBOUNDED), sidecar(3)])
def test_a_layer_that_repeats_nothing_gives_envoy_no_policy(layer: Layer) -> None:
    assert retry_policy(layer) is None


def test_envoy_says_why_it_refuses_a_configuration() -> None:
    with pytest.raises(EnvoyError, match="nonsense"), Envoy([{"name": "x", "nonsense": 1}], []) as envoy:
        envoy.wait()


def test_breaking_off_leaves_no_process_behind() -> None:
    script = textwrap.dedent("""
        import sys, time
        from analyzer.prove.envoy import Envoy
        with Envoy([], []) as envoy:
            envoy.wait()
            print(envoy._process.pid, flush=True)
            time.sleep(30)
    """)
    running = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert running.stdout is not None
    pid = int(running.stdout.readline())
    running.send_signal(signal.SIGINT)
    running.wait(10)
    running.stdout.close()
    assert _gone(pid)


def _gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_client_of_each_library_is_used_itself() -> None:
    for name in ("requests", "httpx", "urllib3", "aiohttp"):
        body = Block((Send(client(5.0, name), 1), Answer(None, 1, HERE)))
        assert _one(chain([Hop("a", body, (sidecar(2, "503"),))], "c"), "503").verdict == "equal"
