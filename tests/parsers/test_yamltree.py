"""Documents as nodes: spans, typed reading, what is reported."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from parsers.diagnostics import Diagnostic
from parsers.source import SourceFile
from parsers.yamltree import Node, documents
from tests.parsers.builders import node, problems


def split(text: str) -> list[str]:
    found = documents(SourceFile("a.yaml", text))
    return [d.code.id if isinstance(d, Diagnostic) else str(d.at("a").scalar("-")) for d in found]


def test_a_broken_document_costs_only_itself() -> None:
    assert split("a: 1\n---\na: [\n---\na: 3\n") == ["1", "P002", "3"]


def test_a_syntax_error_has_the_line_of_the_file_not_of_the_document() -> None:
    (_, found) = documents(SourceFile("a.yaml", "a: 1\n---\nb: 1\na: 'x\n"))
    assert isinstance(found, Diagnostic)
    assert (found.span.path, found.span.line) == ("a.yaml", 5)


def test_three_dashes_in_an_indented_block_do_not_split() -> None:
    root = node("a: |\n  x\n  ---\n  y\n")
    assert root.at("a").text("") == "x\n---\ny\n"


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\r\n---\r\na: 2\r\n",
        "\ufeffa: 1\n--- # c\na: 2",
        "%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\na: 2\n",
        "--- {a: 1}\n---\n---\na: 2",
    ],
)
def test_line_ends_marks_and_directives_are_no_part_of_a_document(text: str) -> None:
    assert split(text) == ["1", "2"]


def test_documents_without_what_is_wanted_are_not_even_parsed() -> None:
    wanted = re.compile("kind: A")
    assert [type(d) for d in documents(SourceFile("a.yaml", "kind: B\nx: [\n---\nkind: A\n"), wanted)] == [Node]


def test_spans_count_from_one_and_end_after_the_last_character() -> None:
    value = node("a:\n  b: [1, two]\n").at("a", "b")
    second = list(value.items())[1]
    assert (second.span.line, second.span.column, second.span.end_column) == (2, 10, 13)
    assert (value.key_span.line, value.key_span.column, value.key_span.end_column) == (2, 3, 4)


def test_a_block_ends_where_its_last_value_ends() -> None:
    span = node("a:\n  b: 1\n\n# c\nc: 2\n").at("a").span
    assert (span.line, span.end_line, span.end_column) == (2, 2, 7)


def test_a_missing_key_is_a_falsy_node_all_the_way_down() -> None:
    root = node("a: 1")
    assert not root.at("x", "y", "z")
    assert root.at("x", "y").count(7) == 7
    assert list(root.at("x").items()) == []


def test_null_is_not_written() -> None:
    root = node("a: ~\nb:\nc: ''\n")
    assert (bool(root.at("a")), bool(root.at("b")), bool(root.at("c"))) == (False, False, True)


def test_a_quoted_number_is_taken_and_reported() -> None:
    root = node('a: "3"')
    assert root.at("a").count(0) == 3
    assert problems(root) == ["a.yaml:1: P101 $.a: expected a whole number, got the string '3'"]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("3", 3),
        ("0x1F", 31),
        ("1_000", 1000),
        ("3.0", 3),
        ("-2", -2),
        ("017", 15),
        ("0o17", 15),
        ("0b11", 3),
        ("1e3", 1000),
    ],
)
def test_whole_numbers_are_read_as_kubernetes_reads_them(written: str, number: int) -> None:
    root = node(f"a: {written}")
    assert root.at("a").integer(None) == number
    assert problems(root) == []


@pytest.mark.parametrize("written", ["three", "3.5", "1e999", ".inf", "[3]", "{a: 1}", "22:30", "9" * 50])
def test_what_is_no_whole_number_is_reported_and_the_default_taken(written: str) -> None:
    root = node(f"a: {written}")
    assert root.at("a").count(7) == 7
    assert [p.split()[1] for p in problems(root)] == ["P101"]


def test_a_negative_count_is_reported() -> None:
    root = node("a: -1")
    assert root.at("a").count(7) == 7
    assert problems(root) == ["a.yaml:1: P104 $.a: -1 is negative"]


@pytest.mark.parametrize(("written", "meaning"), [("yes", True), ("On", True), ("n", False), ("false", False)])
def test_yes_and_on_are_booleans(written: str, meaning: bool) -> None:
    root = node(f"a: {written}")
    assert root.at("a").boolean(None) is meaning
    assert problems(root) == []


def test_a_number_where_a_string_belongs_is_taken_as_written_and_reported() -> None:
    root = node("a: 8080\nb: no\nc: 'no'")
    assert [root.at(k).text("") for k in "abc"] == ["8080", "no", "no"]
    assert len(problems(root)) == 2


def test_a_port_is_a_number_or_a_name() -> None:
    root = node("a: 80\nb: http\nc: '80'")
    assert [root.at(k).port(None) for k in "abc"] == [80, "http", 80]
    assert len(problems(root)) == 1


def test_durations_are_seconds() -> None:
    root = node("a: 1m30s\nb: 5\n")
    assert (root.at("a").duration_s(None), root.at("b").duration_s(1.0)) == (90.0, 1.0)
    assert problems(root) == ["a.yaml:2: P104 $.b: '5' is not a duration such as 2s or 500ms"]


def test_every_key_that_nobody_read_is_reported_once_at_the_key() -> None:
    root = node("a: 1\nb:\n  c: 1\n  d:\n    e: 1\nf: 1\n")
    root.at("a")
    root.at("b", "c")
    root.ignore("f")
    assert problems(root) == ["a.yaml:4: P102 $.b.d: not understood, so not modelled"]


def test_unread_keys_of_a_list_name_their_place() -> None:
    root = node("a:\n- b: 1\n- b: 1\n  c: 1\n")
    for item in root.at("a").items():
        item.at("b")
    assert problems(root) == ["a.yaml:4: P102 $.a[1].c: not understood, so not modelled"]


def test_a_key_written_twice_counts_as_written_last() -> None:
    root = node("a: 1\na: 2\n")
    assert root.at("a").integer(0) == 2
    assert problems(root) == ["a.yaml:2: P103 $.a: written twice; the last one counts"]


def test_merge_keys_bring_what_is_not_written() -> None:
    root = node("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 3\n")
    assert {k: v.integer(0) for k, v in root.at("z").entries()} == {"a": 3, "b": 1, "c": 2}


def test_a_text_that_holds_yaml_has_spans_in_the_file() -> None:
    root = node("data:\n  mesh: |\n    a: 1\n    b:\n      c: 2\n")
    (inner,) = root.at("data", "mesh").embedded()
    assert isinstance(inner, Node)
    found = inner.at("b", "c").span
    assert (found.line, found.column) == (5, 10)


def test_a_quoted_text_that_holds_yaml_stands_for_its_whole() -> None:
    root = node('data:\n  mesh: "a: 1\\nb: {c: 2}"\n')
    (inner,) = root.at("data", "mesh").embedded()
    assert isinstance(inner, Node)
    assert (inner.at("b", "c").integer(0), inner.at("b", "c").span.line) == (2, 2)


def test_json_is_read_too() -> None:
    root = node('{\n\t"a": {"b": "\\u00e9\\/", "c": [1, true, null]}\n}')
    assert root.at("a", "b").text("") == "é/"
    assert [i.value() for i in root.at("a", "c").items()] == [1, True, None]


def test_tags_construct_nothing() -> None:
    assert node("a: !!python/object/apply:os.system ['true']").at("a").strings() == ("true",)


def test_an_alias_of_itself_ends() -> None:
    root = node("a: &a\n  b: *a\n")
    assert root.at("a", "b", "b", "b").is_mapping
    assert len(problems(root)) == 1


def test_a_template_that_is_no_yaml_is_a_template_not_an_error() -> None:
    (found,) = documents(SourceFile("a.yaml", "kind: A\n{{- if .Values.x }}\nb: {{ .Values.y }}\n{{- end }}\n"))
    assert isinstance(found, Diagnostic)
    assert (found.code.id, found.span.line) == ("P006", 2)


def test_a_value_that_a_template_fills_in_is_reported_where_it_is_read() -> None:
    root = node('a: "{{ .Values.x }}"\nb: "{{ .Values.y }}"\nc: {{ .Values.z }}\n')
    assert root.at("a").text("") == "{{ .Values.x }}"
    root.ignore("b")
    assert root.at("c").text("-") == "-"
    assert [p[:14] for p in problems(root)] == ["a.yaml:1: P006", "a.yaml:3: P006"]


def test_braces_in_a_long_text_are_no_template() -> None:
    root = node(
        dedent("""\
        a: |
          {{ $labels.pod }}
        """)
    )
    root.at("a").text("")
    assert problems(root) == []
