"""Whatever a repository holds: diagnostics, no exception, and everything else's facts."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from parsers.disk import DiskTree
from parsers.facts.kubernetes import ConfigMap, Service, Workload
from parsers.reading import Reading, Scope, read
from parsers.yamltree.composing import MAX_VISITS
from tests.parsers.builders import codes, every, only, read_files, read_yaml, told

GOOD = "apiVersion: v1\nkind: Service\nmetadata: {name: good}\nspec: {ports: [{port: 80}]}\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{n}: &{n} [{', '.join([f'*{before}'] * 10)}]\n" for before, n in zip("abcdefghi", "bcdefghij", strict=True)
)

LISTS = [b" " * i + b"- kind: List\n" + b" " * i + b"  items:\n" for i in range(0, 60, 2)]


def hostile(root: Path) -> None:
    """A tree of everything that has broken a parser somewhere."""
    kind = "kind: Service\n"
    files: dict[str, bytes] = {
        "good/service.yaml": GOOD.encode(),
        "broken.yaml": f"{kind}a: [\n---\n{GOOD.replace('good', 'beside')}".encode(),
        "chart/templates/x.yaml": b"{{- if .Values.x }}\nkind: Service\n{{- end }}\n",
        "jinja.yaml": f"{kind}{{% for x in y %}}\n- {{{{ x }}}}\n{{% endfor %}}\n".encode(),
        "python2.py": b"import requests\nprint 'x'\nexec 'y'\n",
        "brackets.yaml": (kind + "a: " + "[" * 5000 + "]" * 5000).encode(),
        "braces.yaml": (kind + "a: " + "{a: " * 5000).encode(),
        "dashes.yaml": (kind + "a:\n" + "- " * 50_000 + "x").encode(),
        "steps.yaml": (kind + "\n".join(" " * i + "a:" for i in range(3000))).encode(),
        "brackets.py": b"import requests\nx = " + b"[" * 5000 + b"]" * 5000,
        "bomb.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: bomb}}\ndata:\n  x: y\n{BOMB}".encode(),
        "recursive.yaml": b"kind: Service\napiVersion: v1\nmetadata: &m {name: ring, labels: *m}\n"
        b"spec: &s\n  selector: *s\n",
        "invalid.yaml": b"kind: Service\na: \xff\xfe\x00\n",
        "nul.yaml": b"kind: Service\na: \x00\n",
        "control.yaml": b"kind: Service\na: \x01\n",
        "bom.yaml": b"\xef\xbb\xbf" + GOOD.replace("good", "marked").encode(),
        "tabs.yaml": b"kind: Service\n\ta: b\n",
        "tags.yaml": b"kind: Service\napiVersion: v1\nmetadata: !!python/object/apply:os.system {name: tagged}\n",
        "keys.yaml": b"kind: Service\n? [a, b]\n: c\n? {d: e}\n: f\n1: 2\n~: 3\n",
        "scalar.yaml": b"kind: Service kind: Pod\n",
        "list.yaml": b"kind: List\napiVersion: v1\nitems: [3, [], {}, {kind: Service}, {kind: [], apiVersion: {}}]\n",
        "nested.yaml": b"kind: List\nitems:\n" + b"".join(LISTS),
        "wide.json": b'{"kind": "Service", "apiVersion": "v1", "a": [' + b"1," * 100_000 + b"1]}",
        "empty.yaml": b"",
        "kustomization.yaml": b"resources: [" + b"../" * 5000 + b"]\n",
        "docker-compose.yml": b"services: &s {a: {extends: a, environment: *s}}\n",
        "Dockerfile": b"FROM \xe2\x98\x83 AS \nRUN <<A <<B\n" + b"\\\n" * 1000,
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    with (root / "huge.yaml").open("wb") as file:
        file.truncate(50_000_000)
    (root / "out.yaml").symlink_to("/etc/hostname")
    (root / "loop").symlink_to(".")
    if hasattr(os, "mkfifo"):
        os.mkfifo(root / "pipe.yaml")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    root = tmp_path_factory.mktemp("hostile") / "tree"
    root.mkdir()
    hostile(root)
    return read(DiskTree(root))


def test_nothing_in_a_hostile_tree_is_an_error_of_ours(found: Reading) -> None:
    assert [line for line in told(found) if " P900 " in line and ".py" not in line] == []


def test_everything_that_can_be_read_is_read(found: Reading) -> None:
    names = {s.meta.name for s in every(found, Service)}
    assert {"good", "beside", "marked", "tagged", "ring"} <= names
    assert [m.meta.name for m in every(found, ConfigMap)] == ["bomb"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("broken.yaml", "P002"),
        ("chart/templates/x.yaml", "P006"),
        ("jinja.yaml", "P006"),
        ("brackets.yaml", "P003"),
        ("braces.yaml", "P003"),
        ("dashes.yaml", "P003"),
        ("steps.yaml", "P003"),
        ("invalid.yaml", "P001"),
        ("nul.yaml", "P002"),
        ("control.yaml", "P002"),
        ("tabs.yaml", "P002"),
        ("scalar.yaml", "P002"),
        ("huge.yaml", "P004"),
        ("out.yaml", "P005"),
    ],
)
def test_each_file_that_cannot_be_read_says_why(found: Reading, path: str, code: str) -> None:
    assert code in {d.code.id for d in found.diagnostics if d.span.path == path}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_said_to_be_none_of_ours(found: Reading) -> None:
    assert {d.code.id for d in found.diagnostics if d.span.path == "pipe.yaml"} == {"P001"}


def test_no_diagnostic_tells_a_path_of_this_machine(found: Reading) -> None:
    assert not [d for d in found.diagnostics if d.span.path.startswith("/") or "hostile" in d.message]


def test_a_tree_reads_the_same_twice(tmp_path: Path) -> None:
    hostile(tmp_path)
    scope = Scope(python=False)
    assert read(DiskTree(tmp_path), scope) == read(DiskTree(tmp_path), scope)


def test_aliases_that_repeat_each_other_are_cut_and_said() -> None:
    wide = ", ".join(["*c"] * 700)
    found = read_yaml(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\n"
        f"x: &e {{name: a, value: b}}\ny: &c {{name: c, env: [{', '.join(['*e'] * 700)}]}}\n"
        f"spec: {{template: {{spec: {{containers: [{wide}]}}}}}}\n"
    )
    assert "P007" in codes(found)
    assert sum(len(c.env) for c in only(found, Workload).containers) < MAX_VISITS


def test_a_document_of_more_nodes_than_memory_is_refused() -> None:
    found = read_yaml("kind: Service\na:\n" + "- 1\n" * 700_000)
    assert codes(found) == ["P004"]


def test_a_file_of_a_great_many_documents_is_read_in_a_breath() -> None:
    found = read_files({"a.yaml": "---\nkind: Other\n" * 20_000 + f"---\n{GOOD}"})
    assert only(found, Service).span.line == 40_002


SAMPLE = {
    "c/Chart.yaml": "name: c\n",
    "c/values.yaml": "name: shop\non: true\nlist: [a, b]\n",
    "c/templates/t.yaml": (
        '{{- if and .Values.on (eq .Values.name "shop") }}\napiVersion: v1\nkind: Service\nmetadata:\n'
        "  name: {{ .Values.name | quote }}\n  labels:\n"
        "    {{- range $i, $e := .Values.list }}\n    {{ $e }}: x{{ $i }}\n"
        "    {{- end }}\nspec:\n  ports: [{port: 80, targetPort: http}]\n{{- end }}\n"
    ),
    "k.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: &m {name: w, labels: {app: w}}\n"
        "spec:\n  replicas: 2\n  template:\n"
        "    metadata: *m\n    spec:\n      containers:\n      - name: a\n        image: acme/a:1\n        env:\n"
        "        - {name: A, value: 'b'}\n        ports: [{containerPort: 80}]\n---\napiVersion: networking.k8s.io/v1\n"
        "kind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  podSelector: {}\n"
        "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80, endPort: 90}]}]\n"
    ),
    "compose.yaml": (
        "services:\n  web:\n    build: {context: ./web}\n    ports: ['80:80', {target: 3, published: 4}]\n"
        "    environment: ['A=${B:-c}', D]\n    env_file: a.env\n    extends: api\n  api: {image: x, command: 'a b'}\n"
    ),
    "a.env": "A=b # c\n",
    "kustomization.yaml": "namespace: shop\nresources: [k.yaml]\nconfigMapGenerator: [{name: c, envs: [a.env]}]\n",
    "Dockerfile": 'FROM x AS y\nENV A=1 B="2"\nCOPY --from=y a .\nCMD ["a", \\\n "b"]\n',
    "skaffold.yaml": "apiVersion: skaffold/v4\nkind: Config\nbuild: {artifacts: [{image: a, context: web}]}\n",
}


def mutants(count: int) -> Iterator[dict[str, str]]:
    """One character changed, left out or put in, anywhere; the same every time."""
    chance = random.Random(7)
    names = sorted(SAMPLE)
    for _ in range(count):
        name = chance.choice(names)
        text, other = SAMPLE[name], chance.choice("{}[]:-\"'&*!|>%@`#,?\t\n \0\x85é0$.()<~")
        at = chance.randrange(len(text))
        kept = text[at + 1 :] if chance.random() < 0.75 else text[at:]
        yield {**SAMPLE, name: text[:at] + (other if chance.random() < 0.75 else "") + kept}


def test_two_thousand_mutants_are_read_without_an_error_of_ours() -> None:
    for files in mutants(2_000):
        assert "P900" not in codes(read_files(files)), files


def test_the_sample_of_the_mutants_is_read_whole() -> None:
    found = read_files(SAMPLE)
    assert {type(f).__name__ for f in found.facts} == {
        "ConfigMap", "ImageSource", "Kustomization", "NetworkPolicy", "Service", "Workload",
    }  # fmt: skip
    assert codes(found) == ["P006"]
