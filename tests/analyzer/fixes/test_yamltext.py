"""Edits in YAML text: the value changes as asked, comments and everything else stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from analyzer.fixes.yamltext import Page, Splice, Way, spliced

Do = Callable[[Page, Way], tuple[Splice, ...] | None]

TEXT = """\
# first
a:
  # about b
  b: {x: 1, y: "two"}   # beside b
  c:
    - name: one
      size: 'large'
      # about last
      last: yes
    - {name: two, size: small}

  d: >-
    folded
    text
# between
---
other:   [1,   2]  # odd spacing
"""


def _done(text: str, way: Way, do: Do) -> str:
    page = Page("a.yaml", text)
    splices = do(page, way)
    assert splices is not None
    return spliced(text, splices)


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def test_a_scalar_is_replaced_and_nothing_else() -> None:
    after = _done(TEXT, (0, "a", "b", "y"), lambda p, w: p.replace(w, '"three"'))
    assert after == TEXT.replace('"two"', '"three"')


def test_a_key_goes_with_its_line() -> None:
    after = _done(TEXT, (0, "a", "c", 0, "size"), lambda p, w: p.remove(w))
    assert after == TEXT.replace("      size: 'large'\n", "")


def test_the_key_after_a_dash_makes_room_for_the_next() -> None:
    after = _done(TEXT, (0, "a", "c", 0, "name"), lambda p, w: p.remove(w))
    assert after == TEXT.replace("- name: one\n      size", "- size")


@pytest.mark.parametrize(("key", "left"), [("x", '{y: "two"}'), ("y", "{x: 1}")])
def test_a_key_between_braces_goes_with_its_comma(key: str, left: str) -> None:
    after = _done(TEXT, (0, "a", "b", key), lambda p, w: p.remove(w))
    assert after == TEXT.replace('{x: 1, y: "two"}', left)


def test_comments_on_their_own_lines_inside_of_what_goes_stay() -> None:
    after = _done(TEXT, (0, "a", "c"), lambda p, w: p.remove(w))
    assert _comments(after) == _comments(TEXT)
    assert "size" not in after


def test_an_entry_is_added_at_the_end_of_a_block() -> None:
    after = _done(TEXT, (0, "a", "c", 0), lambda p, w: p.add(w, ("new:", "  deep: 1"), "new: {deep: 1}"))
    assert after == TEXT.replace("last: yes\n", "last: yes\n      new:\n        deep: 1\n")


def test_an_entry_is_added_between_braces() -> None:
    after = _done(TEXT, (0, "a", "c", 1), lambda p, w: p.add(w, ("new: 1",), "new: 1"))
    assert after == TEXT.replace("size: small}", "size: small, new: 1}")


def test_an_entry_after_a_folded_text_does_not_become_part_of_it() -> None:
    after = _done(TEXT, (0, "a"), lambda p, w: p.add(w, ("e: 1",), "e: 1"))
    assert YAML(typ="safe").load(after.partition("---")[0])["a"]["e"] == 1
    assert YAML(typ="safe").load(after.partition("---")[0])["a"]["d"] == "folded text"


def test_the_last_key_of_a_mapping_takes_the_mapping_with_it() -> None:
    text = "spec:\n  host: a\n  policy:\n    retries:\n      attempts: 3\n"
    assert _done(text, (0, "spec", "policy", "retries"), lambda p, w: p.remove(w)) == "spec:\n  host: a\n"


def test_line_ends_are_those_of_the_file() -> None:
    text = TEXT.replace("\n", "\r\n")
    after = _done(text, (0, "a", "c", 0), lambda p, w: p.add(w, ("new: 1", "newer: 2"), ""))
    assert after.replace("\r\n", "").count("\n") == 0


def test_a_file_without_a_last_line_end_can_be_added_to() -> None:
    after = _done("a:\n  b: 1", (0, "a"), lambda p, w: p.add(w, ("c: 2",), ""))
    assert YAML(typ="safe").load(after) == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize("text", ["a: &x {b: 1}\nc: *x\n", "a: {{ .Values.b }}\n", "<<: {b: 1}\na: 1\n"])
def test_what_is_shared_or_a_template_is_not_edited(text: str) -> None:
    page = Page("a.yaml", text)
    assert all(page.find(root.span) is None for root in page.roots)


@pytest.mark.parametrize(("path", "text"), [("a.json", "{}"), ("a.yaml", '{"a": 1}'), ("a.txt", "a: 1")])
def test_only_yaml_written_as_yaml_is_edited(path: str, text: str) -> None:
    assert Page.of(path, text) is None


# ---------------------------------------------------------------------------------------------------- any document


_KEYS = st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon"])
_SCALARS = st.sampled_from(["1", "two", "'3'", '"four # five"', "5s", "[6,  7]", "{k: v}"])
_COMMENT = st.sampled_from(["", "", "# note", "#: odd", "# a: b"])


@st.composite
def _block(draw: st.DrawFn, depth: int = 0) -> list[str]:
    lines: list[str] = []
    for key in draw(st.lists(_KEYS, min_size=1, max_size=4, unique=True)):
        comment = draw(_COMMENT)
        lines += [comment] if comment else []
        kind = draw(st.integers(0, 3)) if depth < 3 else 0
        if kind == 0:
            side = draw(_COMMENT)
            lines.append(f"{key}: {draw(_SCALARS)}" + (f"  {side}" if side else ""))
        elif kind == 1:
            indent = draw(st.sampled_from(["  ", "    "]))
            lines += [f"{key}:", *(indent + x for x in draw(_block(depth + 1)))]
        elif kind == 2:
            dash = draw(st.sampled_from(["- ", "  - "]))
            lines.append(f"{key}:")
            for _ in range(draw(st.integers(1, 2))):
                first, *rest = [x for x in draw(_block(depth + 1)) if not x.startswith("#")]
                lines += [dash + first, *(" " * len(dash) + x for x in rest)]
        else:
            lines += [f"{key}: |", "  text # no comment", "  more"]
    return lines


def _ways(value: object, way: Way) -> list[Way]:
    if isinstance(value, dict):
        return [w for k, v in value.items() for w in ((*way, k), *_ways(v, (*way, k)))]
    if isinstance(value, list):
        return [w for i, v in enumerate(value) for w in _ways(v, (*way, i))]
    return []


def _at(value: object, way: Way) -> object:
    for step in way:
        value = value[step]  # type: ignore[index]
    return value


@given(st.data(), _block(), _block())
def test_any_key_of_any_document_can_go(data: st.DataObject, first: list[str], second: list[str]) -> None:
    head, tail = "\n".join(first) + "\n", "---\n" + "\n".join(second) + "\n"
    loaded = YAML(typ="safe").load(head)
    way = data.draw(st.sampled_from(_ways(loaded, ())))
    splices = Page("a.yaml", head + tail).remove((0, *way))
    if splices is None:
        return
    after = spliced(head + tail, splices)
    assert after.endswith(tail)
    assert _comments(after) == _comments(head + tail)
    while len(way) > 1 and isinstance(way[-2], str) and len(_at(loaded, way[:-1])) == 1:  # type: ignore[arg-type]
        way = way[:-1]
    del _at(loaded, way[:-1])[way[-1]]  # type: ignore[attr-defined]
    assert YAML(typ="safe").load(after[: -len(tail)]) == loaded


@given(st.data(), _block())
def test_any_mapping_of_any_document_can_be_added_to(data: st.DataObject, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    loaded = YAML(typ="safe").load(text)
    mappings = [w for w in [(), *_ways(loaded, ())] if isinstance(_at(loaded, w), dict)]
    way = data.draw(st.sampled_from(mappings))
    splices = Page("a.yaml", text).add((0, *way), ("zeta:", "  eta: 1"), "zeta: {eta: 1}")
    assert splices is not None
    after = spliced(text, splices)
    _at(loaded, way)["zeta"] = {"eta": 1}  # type: ignore[index]
    assert YAML(typ="safe").load(after) == loaded
    assert _comments(after) == _comments(text)
