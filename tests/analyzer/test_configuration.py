"""Configuration files: what they set, and what is said where they say what nobody can do."""

from __future__ import annotations

import pytest

from analyzer.configuration import ConfigurationError, assumption, configuration, istio_version
from analyzer.options import Assumption, Intent, Limit, Options
from parsers.source import MemoryTree


def configured(text: str, path: str = "meshgain.toml") -> object:
    return configuration(MemoryTree({path: text}))


def error(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        configured(text)
    return str(caught.value)


def test_without_a_file_everything_is_as_it_comes() -> None:
    assert configuration(MemoryTree({})).options == Options()


def test_every_key_is_read() -> None:
    found = configuration(
        MemoryTree(
            {
                "meshgain.toml": """
istio-version = "1.23"
entries = ["storefront"]
exclude = ["vendor"]
production = ["*-prod"]
destination-rule-retries = "ignore"
assume = ["a->b: attempts=1"]
max-amplification = 12
fail-on = "warning"
baseline = "known.json"
code = { "src/billing" = "prod/billing" }
rules = { RA001 = "off", PA003 = "error" }
intents = [{ never = "support -> ledger", reason = "money" }]
suppress = [{ rule = "RA002", path = "src/*", match = "ledger", reason = "idempotent" }]
"""
            }
        )
    )
    assert found.options == Options(
        istio_version=(1, 23),
        entries=("storefront",),
        destination_rule_retries="ignore",
        code=(("src/billing", "prod/billing"),),
        assumptions=(Assumption("a", "b", 1),),
        intents=(Intent("never", "support", "ledger", "money"),),
        exclude=("vendor",),
        production=("*-prod",),
        rules=(("PA003", "error"), ("RA001", "off")),
        max_amplification=12,
    )
    assert (found.fail_on, found.baseline) == ("warning", "known.json")
    (suppression,) = found.suppressions
    assert (suppression.rule, suppression.path, suppression.match) == ("RA002", "src/*", "ledger")
    assert suppression.span.line == 14


def test_a_limit_may_be_given_for_each_entry_or_service() -> None:
    found = configuration(MemoryTree({"meshgain.toml": 'max-amplification = { "shop/front" = 12, "*" = 50 }'}))
    assert found.options.limits == (Limit("*", 50), Limit("shop/front", 12))
    assert found.options.max_amplification is None


def test_meshgain_toml_wins_over_pyproject() -> None:
    tree = MemoryTree({"meshgain.toml": 'fail-on = "note"', "pyproject.toml": '[tool.meshgain]\nfail-on = "error"'})
    assert configuration(tree).fail_on == "note"


def test_pyproject_is_read_from_its_table() -> None:
    assert configuration(MemoryTree({"pyproject.toml": '[tool.meshgain]\nfail-on = "never"'})).fail_on == "never"


def test_a_broken_pyproject_that_says_nothing_of_us_is_not_our_business() -> None:
    assert configuration(MemoryTree({"pyproject.toml": "this is [not toml"})).options == Options()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fail-onn = 1", "unknown key 'fail-onn'; did you mean 'fail-on'?"),
        ("zzz = 1", "unknown key 'zzz'; known are "),
        ('istio-version = "new"', "istio-version: an Istio version is MAJOR.MINOR"),
        ("istio-version = 1.23", "istio-version must be a string, not 1.23"),
        ("max-amplification = 0", "max-amplification must be a whole number of at least 1, not 0"),
        ("max-amplification = true", "max-amplification must be a whole number"),
        ('fail-on = "sometimes"', "fail-on must be one of note, warning, error, never"),
        ("entries = 3", "entries must be a list"),
        ("entries = [3]", "entries.0 must be a string"),
        ("rules = { RA001 = 3 }", "rules.RA001 must be one of off, note, warning, error"),
        ('assume = ["a->b"]', "assume.0: an assumption reads 'caller->callee: attempts=N'"),
        ('intents = [{ never = "a" }]', 'intents.0.never must be "FROM -> TO"'),
        ('intents = [{ sometimes = "a -> b" }]', "intents.0 must be one of never, only or must"),
        ('suppress = [{ rule = "RA001" }]', "suppress.0: a suppression needs a reason"),
        ('suppress = [{ reason = "x" }]', "suppress.0 must be a table of rule and reason"),
        ("not toml at all", "meshgain.toml: "),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_with_file_and_key(text: str, told: str) -> None:
    message = error(text)
    assert told in message
    assert message.startswith("meshgain.toml: ")
    assert "\n" not in message


def test_versions_and_assumptions_are_read_as_written() -> None:
    assert istio_version("1.24.3") == (1, 24, 3)
    assert assumption(" a/b -> c POST /x : attempts = 2 ") == Assumption("a/b", "c POST /x", 2)


@pytest.mark.parametrize("text", ["a->b: attempts=0", "a->b: attempts=x", "a: attempts=1"])
def test_an_assumption_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="attempts=N"):
        assumption(text)


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ((), 10),
        ((Limit("*", 50),), 50),
        ((Limit("*", 50), Limit("front", 12)), 12),
        ((Limit("*", 50), Limit("shop/front POST /checkout", 7)), 7),
        ((Limit("front POST /checkout", 8),), 8),
        ((Limit("prod/ledger", 3), Limit("front", 12)), 3),
        ((Limit("fron", 2),), 10),
    ],
)
def test_the_nearest_limit_counts(limits: tuple[Limit, ...], most: int) -> None:
    assert Options(limits=limits).limit("shop/front POST /checkout", "prod/ledger", 10) == most


def test_one_number_for_all_comes_after_named_limits() -> None:
    assert Options(max_amplification=20).limit("a/b", "c/d", 10) == 20
