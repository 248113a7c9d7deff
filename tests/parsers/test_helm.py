"""Helm templates read with their chart's default values."""

from __future__ import annotations

import pytest

from parsers.facts.istio import AuthorizationPolicy
from parsers.facts.kubernetes import ConfigMap, Service, Workload
from parsers.reading import Reading
from tests.parsers.builders import codes, every, only, read_files, told

VALUES = """\
name: shop
on: true
off: false
port: 8080
empty: ""
list: [a, b]
map: {y2: "2", x1: "1"}
labels: {team: a, tier: "1"}
"""
HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n"


def chart(template: str, values: str = VALUES, **more: str) -> Reading:
    return read_files({
        "c/Chart.yaml": "name: shop-chart\nversion: 1.2.3\nappVersion: v9\n",
        "c/values.yaml": values,
        "c/templates/t.yaml": template,
        **{f"c/{name}": text for name, text in more.items()},
    })  # fmt: skip


def data(template: str, **more: str) -> dict[str, str]:
    return {e.key: e.value for e in only(chart(HEAD + template, **more), ConfigMap).entries}


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("{{ .Values.name }}", "shop"),
        ("{{.Values.name}}-x", "shop-x"),
        ('"{{ .Values.name }}:{{ .Values.port }}"', "shop:8080"),
        ("{{ .Values.port | quote }}", "8080"),
        ("{{ .Values.missing | default 3 | quote }}", "3"),
        ('{{ .Values.missing.deeper | default "d" }}', "d"),
        ('{{ default "d" .Values.empty }}', "d"),
        ("{{ .Chart.Name }}-{{ .Chart.AppVersion }}", "shop-chart-v9"),
        ("{{ .Release.Namespace }}", "default"),
        ('{{ printf "%s-%d" .Values.name 3 }}', "shop-3"),
        ("{{ .Values.name | upper | trunc 2 | quote }}", "SH"),
        ('{{ ternary "a" "b" .Values.on }}', "a"),
        ("{{ if and .Values.on (not .Values.off) }}x{{ else }}z{{ end }}", "x"),
        ('{{ if eq .Values.name "other" }}x{{ else if eq .Values.port 8080 }}w{{ else }}z{{ end }}', "w"),
        ("{{ with .Values.map }}v{{ .x1 }}{{ end }}", "v1"),
        ('{{ $x := .Values.name }}{{ if .Values.on }}{{ $x = "b" }}{{ end }}{{ $x }}', "b"),
        ("{{ index .Values.list 1 }}", "b"),
        ('{{ join "," .Values.list | quote }}', "a,b"),
        ('{{ include "h.name" . }}', "shop-h"),
        ("{{/* a comment */}}x", "x"),
        ('{{ `{{ raw }}` | trimAll "{} " }}', "raw"),
        ('{{ tpl "{{ .Values.name }}" . }}', "shop"),
    ],
)
def test_simple_expressions_have_their_default_value(written: str, meaning: str) -> None:
    helper = '{{- define "h.name" -}}\n{{ .Values.name }}-h\n{{- end }}'
    assert data(f"  A: {written}\n", **{"templates/_helpers.tpl": helper})["A"] == meaning


def test_lists_are_walked_and_blocks_are_indented() -> None:
    template = (
        "{{- range $k, $v := .Values.map }}\n  {{ $k }}: {{ $v | quote }}\n{{- end }}\n"
        "{{- range .Values.list }}\n  l-{{ . }}: x\n{{- end }}\n"
    )
    assert data(template) == {"x1": "1", "y2": "2", "l-a": "x", "l-b": "x"}
    found = chart(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: s\n  labels:\n    {{- toYaml .Values.labels | nindent 4 }}\n"
    )
    assert dict(only(found, Service).meta.labels) == {"team": "a", "tier": "1"}


def test_what_is_switched_off_by_default_is_not_there() -> None:
    found = chart("{{- if .Values.off }}\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n{{- end }}\n")
    assert every(found, Service) == []


def test_a_policy_that_is_switched_off_by_default_is_read_and_said() -> None:
    policy = "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\nspec: {}\n"
    found = chart(f"{{{{- if .Values.off }}}}\n{policy}{{{{- end }}}}\n")
    assert only(found, AuthorizationPolicy).meta.name == "p"
    assert any("read as if it were switched on" in line for line in told(found))


def test_spans_are_lines_of_the_template() -> None:
    found = chart(
        "{{- if .Values.on }}\n# c\napiVersion: v1\nkind: Service\nmetadata:\n  {{- with .Values.labels }}\n  labels:\n"
        "    {{- toYaml . | nindent 4 }}\n  {{- end }}\n  name: {{ .Values.name }}\nspec:\n  type: 3\n{{- end }}\n"
    )
    assert only(found, Service).meta.span.line == 10
    assert [line for line in told(found) if "P101" in line] == [
        "c/templates/t.yaml:12: P101 $.spec.type: expected a string, got a number"
    ]


def test_a_rendered_file_says_so_once() -> None:
    found = chart(HEAD + "  A: {{ .Values.name }}\n  B: {{ .Values.name }}\n")
    assert told(found) == ["c/templates/t.yaml:6: P006 a template: rendered with the chart's default values"]


def test_what_only_an_installation_knows_is_unknown_and_said() -> None:
    found = chart(HEAD + '  A: {{ lookup "v1" "Secret" "a" "b" }}\n  B: x{{ .Capabilities.KubeVersion }}\n  C: ok\n')
    entries = {e.key: e.value for e in only(found, ConfigMap).entries}
    assert entries["C"] == "ok"
    assert "unknown" in entries["A"]
    assert "unknown" in entries["B"]
    assert sum("only an installation decides" in line for line in told(found)) == 2


def test_a_chart_in_a_chart_is_told_its_values_by_the_one_around() -> None:
    found = read_files({
        "c/Chart.yaml": "name: c\n", "c/values.yaml": "sub: {name: outer}\nglobal: {g: G}\n",
        "c/charts/sub/Chart.yaml": "name: sub\n", "c/charts/sub/values.yaml": "name: inner\nport: 1\n",
        "c/charts/sub/templates/t.yaml": HEAD + "  A: '{{ .Values.name }}{{ .Values.port }}{{ .Values.global.g }}'\n",
    })  # fmt: skip
    assert [e.value for e in only(found, ConfigMap).entries] == ["outer1G"]


def test_outside_a_chart_a_template_is_only_named() -> None:
    found = read_files({"templates/t.yaml": "{{- if .Values.on }}\napiVersion: v1\nkind: Service\n{{- end }}\n"})
    assert (found.facts, codes(found)) == ((), ["P006"])


@pytest.mark.parametrize(
    "template",
    [
        "{{ if .Values.on }}",
        "{{ end }}",
        "{{ .Values.name | }}",
        "{{ ((((( }}",
        "{{ break }}",
        "{{ range $i, $e := until 1000000000 }}x{{ end }}",
        '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
        '{{ $x := "aaaaaaaa" }}' + '{{ $x = printf "%s%s" $x $x }}' * 60 + "{{ $x }}",
        "{{ range .Values.list }}" * 59 + "x" + "{{ end }}" * 59,
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ if true }}" * 3000 + "{{ end }}" * 3000,
        "{{ indent 1000000000 .Values.name }}",
        '{{ "' * 4000,
        "{{ `" * 4000,
        "{{ /* " * 4000,
    ],
)
def test_a_template_that_is_broken_or_greedy_ends_and_costs_only_itself(template: str) -> None:
    found = chart(f"kind: Service\n{template}\n", **{"templates/u.yaml": HEAD + "  A: x\n"})
    assert [e.value for e in only(found, ConfigMap).entries] == ["x"]
    assert "P900" not in codes(found)


@pytest.mark.parametrize("values", ["[1, 2]", "a: [", "3", "", "name: [a]\non: {}\n"])
def test_strange_values_are_no_crash(values: str) -> None:
    found = chart("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w-{{ .Values.name }}}\n", values=values)
    assert "P900" not in codes(found)
    assert len(every(found, Workload)) <= 1
