"""The rules as people look them up."""

from __future__ import annotations

import pytest

from analyzer.manual import index, page, pages, views
from analyzer.naming import NamingError


def test_every_rule_is_in_the_index_once() -> None:
    ids = [line.split()[0] for line in index().splitlines()]
    assert ids == sorted(pages())
    assert len(ids) == len(set(ids))


def test_a_page_is_found_by_id_and_by_name() -> None:
    found = page("RA001")
    assert found.startswith("RA001: one request becomes too many")
    assert page("ra001") == page("retry-amplification") == found


def test_every_page_says_how_to_fix_it() -> None:
    assert [p.id for p in pages().values() if "Fix:" not in p.text] == []


def test_a_rule_that_is_not_there_is_said() -> None:
    with pytest.raises(NamingError, match="no rule is called 'XX999'"):
        page("XX999")


def test_reports_list_the_same_rules() -> None:
    assert {v.id for v in views()} == set(pages())
