"""Every row of Istio's own tables for retry conversion and validation (retry_test.go, validation_test.go)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analyzer.semantics.istio.policy import EnvoyPolicy, behaviour, convert, convert_inbound
from parsers.facts.istio import RetryPolicy
from parsers.mesh.istio.retries import retry_policy
from parsers.quantities import go_duration_s
from parsers.source import SourceFile
from parsers.yamltree import Node, documents

TRUTH = json.loads((Path(__file__).parents[3] / "truth" / "istio_retry_cases.json").read_text())
NEWEST = behaviour((1, 32), {})


def read(retries: Mapping[str, Any] | None) -> RetryPolicy | None:
    if retries is None:
        return None
    (node,) = documents(SourceFile("retries.json", json.dumps(retries)))
    assert isinstance(node, Node)
    return retry_policy(node)


def printed(policy: EnvoyPolicy) -> dict[str, object]:
    return {
        "numRetries": policy.retries,
        "retryOn": ",".join(policy.conditions),
        "retriableStatusCodes": None if policy.status_codes is None else list(policy.status_codes),
        "hostSelectionRetryMaxAttempts": policy.host_selection_attempts,
        "previousHosts": policy.previous_hosts,
        "perTryTimeout": policy.per_try_timeout_s,
        "backoffBase": policy.backoff_s,
        "retryPriority": policy.previous_priorities,
    }


def wanted(expected: Mapping[str, Any]) -> dict[str, object]:
    durations = ("perTryTimeout", "backoffBase")
    return {k: go_duration_s(v) if k in durations and v is not None else v for k, v in expected.items()}


@pytest.mark.parametrize("case", TRUTH["conversion"], ids=lambda c: c["name"])
def test_conversion_agrees_with_istio(case: dict[str, Any]) -> None:
    written = read(case["retries"])
    if case["direction"] == "inbound":
        found = convert_inbound(written, NEWEST)
    else:
        found = convert(written, NEWEST, consistent_hash=case["consistentHash"])
    if case["expected"] is None:
        assert found is None
    else:
        assert found is not None
        expected = wanted(case["expected"])
        assert {k: printed(found)[k] for k in expected} == expected


@pytest.mark.parametrize("case", TRUTH["validation"], ids=lambda c: c["name"])
def test_validation_agrees_with_istio(case: dict[str, Any]) -> None:
    written = read(case["retries"])
    assert written is not None
    assert (written.invalid is None) == case["valid"], written.invalid


def test_a_blank_in_retry_on_is_refused_though_the_converter_would_trim_it() -> None:
    written = read({"attempts": 2, "retryOn": "5xx, reset"})
    assert written is not None
    assert written.invalid is not None
    found = convert(written, NEWEST)
    assert found is not None
    assert found.conditions == ("5xx", "reset")


def test_retries_with_only_a_backoff_pass_and_switch_retries_off() -> None:
    written = read({"backoff": "1s"})
    assert written is not None
    assert written.invalid is None
    assert convert(written, NEWEST) is None


def test_before_1_24_the_default_repeats_503_and_inbound_nothing() -> None:
    old = convert(None, behaviour((1, 23), {}))
    assert old is not None
    assert old.status_codes == (503,)
    assert convert_inbound(None, behaviour((1, 23), {})) is None


def test_attempts_without_conditions_inherit_the_503_of_an_old_default() -> None:
    found = convert(read({"attempts": 5}), behaviour((1, 23), {}))
    assert found is not None
    assert (found.retries, found.status_codes) == (5, (503,))


@pytest.mark.parametrize(("version", "kept"), [((1, 24), True), ((1, 26), True), ((1, 27), False), ((1, 23), True)])
def test_the_flag_that_keeps_503_counts_from_1_24_to_1_26(version: tuple[int, int], kept: bool) -> None:
    assert behaviour(version, {"EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY": "false"}).retries_503 is kept


def test_resource_exhausted_was_a_default_condition_before_1_6() -> None:
    found = convert(None, behaviour((1, 5), {}))
    assert found is not None
    assert "resource-exhausted" in found.conditions
