"""Dockerfiles, skaffold and bake: what images are made of."""

from __future__ import annotations

import pytest

from parsers.facts.kubernetes import ImageSource
from tests.parsers.builders import codes, every, only, read_files


def dockerfile(text: str) -> ImageSource:
    return only(read_files({"src/a/Dockerfile": text}), ImageSource)


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.prod", "a.Dockerfile", "Containerfile", "x/y.dockerfile"])
def test_dockerfiles_are_known_by_their_names(name: str) -> None:
    assert only(read_files({name: "FROM x"}), ImageSource).dockerfile == name


def test_the_last_stage_is_what_runs_and_begins_with_what_it_is_made_from() -> None:
    read = dockerfile("""\
ARG BASE=base
FROM python AS base
ENV A=1 B="x y"
ENV C=$A
WORKDIR /app
FROM other AS tools
ENV Z=1
CMD no
FROM $BASE
WORKDIR sub
ENV D ${A}${E:-e}
EXPOSE 80/tcp 8080
CMD ["python", "m.py"]
""")
    assert {e.key: e.value for e in read.env} == {"A": "1", "B": "x y", "C": "1", "D": "1e"}
    assert (read.workdir, read.ports, read.command) == ("/app/sub", (80, 8080), ("python", "m.py"))
    assert read.folder == "src/a"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ('ENTRYPOINT ["a", "[b]"]\nCMD ["c"]', ("a", "[b]", "c")),
        ("CMD a 'b c' \\\n  # no\n\n  d", ("a", "b c", "d")),
        ("CMD a\nENTRYPOINT b", ("b",)),
        ("# escape=`\nFROM y\nCMD a `\n b", ("a", "b")),
        ("RUN <<EOF\nCMD no\nEOF\nCMD yes", ("yes",)),
        ("CMD [not json", ("[not", "json")),
        ("CMD it's", ("it's",)),
    ],
)
def test_commands_are_read_in_exec_and_in_shell_form(text: str, command: tuple[str, ...]) -> None:
    first = "" if text.startswith("# escape") else "FROM x\n"
    assert dockerfile(f"{first}{text}\n").command == command


def test_copies_are_what_comes_from_the_context() -> None:
    read = dockerfile(
        'FROM x\nCOPY --chown=a:b a b /x/\nADD ["c d", "/y"]\nCOPY --from=z /q /q\nADD https://x.org/f /f\nCOPY . .\n'
    )
    assert read.copies == ("a", "b", "c d", ".")


@pytest.mark.parametrize(
    "text", ["", "CMD x", "FROM", "FROM x\nENV\nCOPY\nWORKDIR\nEXPOSE x\nCMD", "\x00", "FROM x AS\n" * 500]
)
def test_a_strange_dockerfile_is_no_crash(text: str) -> None:
    assert codes(read_files({"Dockerfile": text})) == []


def test_skaffold_names_the_folder_of_each_image() -> None:
    found = read_files({
        "d/skaffold.yaml": "apiVersion: skaffold/v4beta1\nkind: Config\nmetadata: {name: x}\nbuild:\n  artifacts:\n"
        "  - {image: a, context: ../src/a}\n  - {image: b, context: .., docker: {dockerfile: b/D}}\n  - {context: c}\n"
        "profiles: [{name: p, build: {artifacts: [{image: e}]}}]\ndeploy: {kubectl: {}}\n"
    })  # fmt: skip
    assert [(s.image, s.folder, s.dockerfile) for s in every(found, ImageSource)] == [
        ("a", "src/a", "src/a/Dockerfile"),
        ("b", "", "b/D"),
        ("e", "d", "d/Dockerfile"),
    ]
    assert codes(found) == []


def test_bake_targets_are_read_where_they_are_literal() -> None:
    found = read_files({
        "docker-bake.hcl": 'target "api" {\n  context = "./api"\n  tags = ["acme/api:1", "x/${V}"]\n}\n'
        'target "b" {\n  dockerfile = "B"\n}\n'
    })  # fmt: skip
    assert [(s.image, s.folder, s.dockerfile, s.span.line) for s in every(found, ImageSource)] == [
        ("acme/api", "api", "api/Dockerfile", 1),
        ("b", "", "B", 5),
    ]
