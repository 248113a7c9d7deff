"""Where a kustomization puts what it lists."""

from analyzer.linking.kustomize import Setting, patch_files, settings
from parsers.facts.kubernetes import Kustomization
from tests.analyzer.linking.build import at, deployment, linked, manifests


def kustomization(folder: str, *resources: str, **more: object) -> Kustomization:
    told = {"namespace": None, "name_prefix": "", "name_suffix": ""} | more
    return Kustomization(folder=folder, resources=resources, span=at(f"{folder}/kustomization.yaml"), **told)  # type: ignore[arg-type]


def test_the_outer_namespace_wins_and_prefixes_wrap() -> None:
    base = kustomization("base", "base/web.yaml", namespace="inner", name_prefix="b-")
    prod = kustomization("prod", "base", namespace="outer", name_prefix="p-", name_suffix="-x")
    assert settings([base, prod]) == {"base/web.yaml": (Setting("prod", "outer", "p-b-", "-x"),)}


def test_a_component_speaks_for_those_who_name_it() -> None:
    base = kustomization("base", "base/web.yaml")
    part = kustomization("parts/prod", namespace="live")
    prod = kustomization("prod", "base", components=("parts/prod",))
    assert settings([base, part, prod])["base/web.yaml"] == (Setting("prod", "live"),)


def test_kustomizations_in_a_circle_end() -> None:
    a, b = kustomization("a", "b", "a/x.yaml"), kustomization("b", "a", "b/y.yaml")
    assert set(settings([a, b])) == {"a/x.yaml", "b/y.yaml"}


def test_files_that_are_only_patches_are_known() -> None:
    one = kustomization("a", "a/web.yaml", patches=("a/web.yaml", "a/patch.yaml"))
    assert patch_files([one]) == frozenset({"a/patch.yaml"})


def test_objects_get_the_namespace_and_name_of_their_kustomization() -> None:
    facts = manifests(base__web=deployment("web"))
    mesh = linked(*facts, kustomization("base", "base/web.yaml", namespace="shop", name_prefix="eu-"))
    assert list(mesh.services) == ["shop/eu-web"]
    assert [p.id for p in mesh.services["shop/eu-web"].pods] == ["shop/eu-web"]


def test_a_patch_of_an_overlay_is_applied() -> None:
    facts = manifests(
        base__web=deployment("web", env="PAY=old:1 KEPT=yes"),
        prod__patch="""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec: {template: {spec: {containers: [{name: web, env: [{name: PAY, value: "pay:8080"}]}]}}}
        """,
    )
    base = kustomization("base", "base/web.yaml")
    mesh = linked(*facts, base, kustomization("prod", "base", patches=("prod/patch.yaml",)))
    pod = mesh.pods["default/web"]
    assert pod.fact is not None
    assert {e.name: e.value for e in pod.fact.containers[0].env} == {"PAY": "pay:8080", "KEPT": "yes"}
    assert pod.fact.containers[0].image == "web"


def test_of_several_overlays_the_one_nearest_production_counts() -> None:
    facts = manifests(base__web=deployment("web"))
    overlays = [kustomization(f"overlays/{e}", "base", namespace=f"shop-{e}") for e in ("dev", "production", "staging")]
    mesh = linked(*facts, kustomization("base", "base/web.yaml"), *overlays)
    assert list(mesh.services) == ["shop-production/web"]


def test_one_base_taken_twice_by_one_root_is_two_services() -> None:
    facts = manifests(base__web=deployment("web"))
    parts = [kustomization(f"x/{n}", "base", name_prefix=f"{n}-") for n in ("a", "b")]
    mesh = linked(*facts, kustomization("base", "base/web.yaml"), *parts, kustomization("root", "x/a", "x/b"))
    assert list(mesh.services) == ["default/a-web", "default/b-web"]
