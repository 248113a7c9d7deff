"""Trust domains and their aliases."""

from __future__ import annotations

from analyzer.semantics.istio.trust import with_aliases, with_domain_aliases


def test_a_principal_of_our_domain_is_one_of_every_alias() -> None:
    assert with_aliases(["old/ns/a/sa/x"], ["new", "old"]) == ("new/ns/a/sa/x", "old/ns/a/sa/x")


def test_cluster_local_means_ours_even_where_it_is_no_name_of_ours() -> None:
    assert with_aliases(["cluster.local/ns/a/sa/x"], ["td1"]) == ("td1/ns/a/sa/x",)


def test_a_foreign_domain_and_what_is_no_identity_stay_as_written() -> None:
    written = ("partner/ns/a/sa/x", "*/ns/a/sa/x", "sa/x", "*")
    assert with_aliases(written, ["td1"]) == written


def test_a_domain_with_a_star_is_kept_for_those_it_takes() -> None:
    assert with_aliases(["*-td/ns/a/sa/x"], ["old-td", "other"]) == ("*-td/ns/a/sa/x", "other/ns/a/sa/x")


def test_a_trust_domain_of_ours_stands_for_all_of_them() -> None:
    assert with_domain_aliases(["td1", "x"], ["td1", "td2"]) == ("td1", "td2", "x")
