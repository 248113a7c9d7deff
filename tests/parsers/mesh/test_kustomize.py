"""kustomization.yaml: what belongs together, and generated ConfigMaps."""

from __future__ import annotations

from parsers.facts import Labels
from parsers.facts.kubernetes import ConfigMap, Kustomization
from tests.parsers.builders import codes, every, only, read_files, told


def test_paths_are_told_from_the_root() -> None:
    found = read_files({
        "k/over/kustomization.yaml": "namespace: shop\nnamePrefix: a-\nnameSuffix: -b\nresources: [../base, d.yaml]\n"
        "bases: [../more]\ncomponents: [../c]\npatches: [{path: p.yaml, target: {kind: X}}]\n"
            "patchesStrategicMerge: [q.yaml]\n"
        "images: [{name: x, newName: new, newTag: '1'}]\ncommonLabels: {a: b}\n"
            "labels: [{pairs: {c: d}, includeSelectors: true}]\n"
    })  # fmt: skip
    read = only(found, Kustomization)
    assert (read.folder, read.namespace, read.name_prefix, read.name_suffix) == ("k/over", "shop", "a-", "-b")
    assert read.resources == ("k/base", "k/over/d.yaml", "k/more")
    assert (read.components, read.patches) == (("k/c",), ("k/over/p.yaml", "k/over/q.yaml"))
    assert (read.images, read.labels) == ((("x", "new"),), Labels({"a": "b", "c": "d"}))
    assert codes(found) == []


def test_the_root_folder_is_empty_and_what_leaves_the_tree_is_left_out() -> None:
    found = read_files({"kustomization.yml": "resources: [../x, 'https://x.org/y', /etc, .]\n"})
    assert (only(found, Kustomization).folder, only(found, Kustomization).resources) == ("", ("",))


def test_generators_make_config_maps_from_literals_files_and_env_files() -> None:
    found = read_files({
        "k/kustomization.yaml": "namespace: shop\nconfigMapGenerator:\n- name: c\n  literals: [A=1, 'B=x=y']\n"
        "  files: [f.txt, key=g.txt, none.txt]\n  envs: [e.env]\nsecretGenerator: [{name: s, literals: [P=q]}]\n",
        "k/f.txt": "F", "k/g.txt": "G", "k/e.env": "E=2\nA=0\n",
    })  # fmt: skip
    clear, secret = every(found, ConfigMap)
    assert (clear.meta.name, clear.meta.namespace) == ("c", "shop")
    assert {e.key: e.value for e in clear.entries} == {"E": "2", "A": "1", "B": "x=y", "f.txt": "F", "key": "G"}
    assert (secret.secret, [(e.key, e.value) for e in secret.entries]) == (True, [("P", "q")])
    assert codes(found) == []


def test_what_is_not_applied_is_reported() -> None:
    found = read_files(
        {"kustomization.yaml": 'patches: [{patch: x}]\nreplacements: []\npatchesStrategicMerge: ["a: 1\\nb: 2"]\n'}
    )
    assert told(found) == [
        "kustomization.yaml:1: P102 $.patches[0].patch: not understood, so not modelled",
        "kustomization.yaml:2: P102 $.replacements: not understood, so not modelled",
        "kustomization.yaml:3: P104 $.patchesStrategicMerge[0]: an inline patch is not applied",
    ]


def test_a_kustomization_of_the_wrong_shape_is_reported() -> None:
    found = read_files(
        {"kustomization.yaml": "resources: {a: b}\nconfigMapGenerator: [3, {literals: x}]\nnamespace: [a]\n"}
    )
    assert only(found, Kustomization).resources == ()
    assert "P900" not in codes(found)
    assert codes(found).count("P101") >= 3
