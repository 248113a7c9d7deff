"""Compare the retries that are read from public packages with sites labelled by hand.

Usage: ``python docs/scripts/evaluate_retries.py CACHE_DIR [LABELS.jsonl] [--package NAME ...]``. The cache is a folder
outside of the repository; packages not in it yet are downloaded there in the version labelled (a wheel, else
the source archive) and unpacked, never installed or imported. Then ``meshgain facts PACKAGE --kind retry`` is asked.

A label is a place: package, version, file, line, label (``retry`` or ``not_retry``) and how many attempts it makes: a
number, ``unbounded``, or ``dynamic`` with the default where there is one. A fact is at a place where it is on its line,
or on a line next to it, or is the decorator that encloses it. A look-alike is wrong where a fact says more than one
attempt. Prints recall, precision, how many attempts are right, and every miss.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LABELS = Path(__file__).resolve().parents[2] / "tests" / "truth" / "python_sites.jsonl"
#: Lines that a fact may be away from its label: a decorator and its ``def``, a call in a longer statement.
NEAR = 1

Json = Mapping[str, object]


@dataclass
class Score:
    """What was counted, and what was missed."""

    retries: int = 0
    found: int = 0
    right: int = 0
    numbered: int = 0
    number_right: int = 0
    look_alikes: int = 0
    wrong: int = 0
    misses: list[str] = field(default_factory=list)


def folder(cache: Path, package: str, version: str) -> Path:
    """The unpacked package, downloaded if need be."""
    target = cache / f"{package}-{version}"
    if not target.exists():
        archives = cache / "archives" / f"{package}-{version}"
        archives.mkdir(parents=True, exist_ok=True)
        if not _download(package, version, archives, "--only-binary"):
            _download(package, version, archives, "--no-binary")
        _unpack(next(p for p in sorted(archives.iterdir()) if p.is_file()), target)
    return target


def _download(package: str, version: str, target: Path, kind: str) -> bool:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind, ":all:"]
    return subprocess.run([*command, "--dest", str(target), f"{package}=={version}"], check=False).returncode == 0


def _unpack(archive: Path, target: Path) -> None:
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as files:
            files.extractall(target)
    else:
        with tarfile.open(archive) as files:
            files.extractall(target, filter="data")


def facts(root: Path) -> Iterator[Json]:
    """What ``meshgain facts`` says of a tree."""
    command = [str(Path(sys.executable).parent / "meshgain"), "facts", str(root), "--kind", "retry"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"meshgain facts {root.name}: exit {done.returncode}\n{done.stderr}")
    yield from (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def at(label: Json, found: Iterable[Json]) -> list[Json]:
    """The facts at a label's place: those on its very line if there are any."""
    line = int(str(label["line"]))
    near = [f for f in found if f["path"] == label["file"] and abs(int(str(f["line"])) - line) <= NEAR]
    return [f for f in near if f["line"] == line] or near


def agrees(label: Json, fact: Json) -> bool:
    """Whether a fact's attempts are the label's."""
    expected = label["expected_total_attempts"]
    said = "unbounded" if fact["attempts"] == "inf" else fact["attempts"]
    default = label.get("default_total_attempts")
    return said == expected and (expected != "dynamic" or default is None or fact["default_attempts"] == default)


def judge(label: Json, found: list[Json], score: Score) -> None:
    """Add one label to the score."""
    place = f"{label['package']} {label['file']}:{label['line']} ({label['kind']})"
    said = [(f["idiom"], f["attempts"], f["default_attempts"]) for f in found]
    if label["label"] != "retry":
        score.look_alikes += 1
        if any(f["attempts"] != 1 for f in found):
            score.wrong += 1
            score.misses.append(f"not a retry: {place} {said}")
        return
    score.retries += 1
    score.numbered += isinstance(label["expected_total_attempts"], int)
    if not found:
        score.misses.append(f"not found: {place} {label.get('note', '')}")
        return
    score.found += 1
    if any(agrees(label, f) for f in found):
        score.right += 1
        score.number_right += isinstance(label["expected_total_attempts"], int)
    else:
        wanted = (label["expected_total_attempts"], label.get("default_total_attempts"))
        score.misses.append(f"attempts: {place} expected {wanted}, said {said}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cache", type=Path)
    parser.add_argument("labels", type=Path, nargs="?", default=LABELS)
    parser.add_argument("--package", action="append", default=[])
    arguments = parser.parse_args()
    labels: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for line in arguments.labels.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not arguments.package or row["package"] in arguments.package:
            labels[row["package"], row["version"]].append(row)
    score = Score()
    for (package, version), rows in sorted(labels.items()):
        found = list(facts(folder(arguments.cache, package, version)))
        for row in rows:
            judge(row, at(row, found), score)
        print(f"{package} {version}: {len(found)} retries read, {len(rows)} labels", file=sys.stderr)
    report(score)


def report(score: Score) -> None:
    print(*score.misses, sep="\n")
    positives = score.found + score.wrong
    print(f"recall    {score.found}/{score.retries} = {score.found / max(1, score.retries):.3f}")
    print(f"precision {score.found}/{positives} = {score.found / max(1, positives):.3f}")
    print(f"look-alikes left alone {score.look_alikes - score.wrong}/{score.look_alikes}")
    print(f"attempts  {score.right}/{score.found} = {score.right / max(1, score.found):.3f}")
    print(f"of those with a number {score.number_right}/{score.numbered}")


if __name__ == "__main__":
    main()
