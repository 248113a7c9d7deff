"""The door for notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import analyzer
from analyzer import Exploration, analyze_path
from parsers.quantities import Count

MINIMAL = Path(__file__).parents[2] / "sample_repos" / "minimal"


@pytest.fixture(scope="module")
def report() -> Exploration:
    return analyze_path(MINIMAL)


def test_the_graph_is_a_networkx_graph_with_calls_on_its_edges(report: Exploration) -> None:
    ((source, target, data),) = report.graph.edges(data=True)
    assert (source, target, data["gain"]) == ("hello/frontend", "hello/backend", 12)
    assert report.operation_graph.has_edge("hello/frontend GET /", "hello/backend GET /greeting")


def test_a_report_renders_and_escapes(report: Exploration) -> None:
    html = report._repr_html_()
    assert "up to 12 at backend GET /greeting" in html
    assert "<script" not in html


def test_a_figure_is_a_matplotlib_figure(report: Exploration) -> None:
    assert report.figure().get_size_inches()[0] > 1
    assert report.figure(theme="dark", focus="backend").axes


def test_a_figure_shows_itself(report: Exploration) -> None:
    assert report.figure()._repr_png_().startswith(b"\x89PNG")


def test_what_if_leaves_the_report_as_it_is(report: Exploration) -> None:
    changed = report.what_if("frontend->backend: attempts=1")
    assert changed.worst is None
    assert report.worst is not None
    assert report.worst.worst == Count(12)


def test_an_explanation_prints_and_renders(report: Exploration) -> None:
    answer = report.explain("frontend", "backend")
    assert "frontend/app.py:13" in repr(answer)
    assert answer._repr_html_().startswith("<pre>")
    assert answer.to_dict()["calls"]


def test_a_scenario_is_asked_by_name(report: Exploration) -> None:
    assert {x.requests for x in report.scenario("backend", "503").load} == {Count(1), Count(12)}


def test_tables_are_data_frames(report: Exploration) -> None:
    pytest.importorskip("pandas")
    table = report.to_dataframe("amplification")
    assert table.loc[0, "worst"] == 12
    assert table.loc[0, "target"] == "hello/backend GET /greeting"
    assert len(report.to_dataframe("services")) == 2
    with pytest.raises(ValueError, match="not a table"):
        report.to_dataframe("summary")


def test_the_document_is_that_of_the_command_line(report: Exploration) -> None:
    assert json.loads(json.dumps(report.to_dict()))["schema"] == "meshgain/1"


def test_a_folders_own_configuration_counts_and_arguments_win(tmp_path: Path) -> None:
    for path in MINIMAL.rglob("*"):
        if path.is_file():
            target = tmp_path / path.relative_to(MINIMAL)
            target.parent.mkdir(exist_ok=True)
            target.write_text(path.read_text())
    (tmp_path / "meshgain.toml").write_text('istio-version = "1.20"\nassume = ["frontend->backend: attempts=2"]\n')
    assert analyze_path(tmp_path).options.istio_version == (1, 20)
    assert analyze_path(tmp_path, istio="1.25").options.istio_version == (1, 25)
    worst = analyze_path(tmp_path).worst
    assert worst is not None
    assert worst.worst == Count(2)


def test_a_name_that_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        analyzer.nothing  # noqa: B018
