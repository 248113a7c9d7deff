"""Compare the calls that are read from public repositories with labels made by hand.

Usage: ``python docs/scripts/evaluate_calls.py CHECKOUT_DIR``; the folder holds one checkout a label file of
``tests/truth/call_edges``, under the label file's name. Prints a table and every miss.

A label is a place that sends: file, line, method (or full gRPC method), callee (host with port, ``$VARIABLE``, topic,
or nothing where only a path is written) and path with ``{}`` for what data decides; ``*`` in a label takes anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from parsers import screen
from parsers.disk import DiskTree
from parsers.facts.python import Call, EnvVar, Template
from parsers.python.reading import read_python

LABELS = Path(__file__).resolve().parents[2] / "tests" / "truth" / "call_edges"
PROTOCOLS = ("http", "ws", "grpc", "amqp", "kafka", "nats", "task")


@dataclass(frozen=True, order=True)
class Edge:
    path: str
    line: int
    method: str
    callee: str
    target: str

    def fits(self, label: Edge) -> bool:
        same = (self.path, self.line, self.method, self.callee) == (label.path, label.line, label.method, label.callee)
        return same and fnmatchcase(self.target, label.target.replace("[", "[[]"))


def predicted(root: Path, folder: str) -> set[Edge]:
    """Calls that are read from a checkout."""
    tree = DiskTree(root)
    paths = [p for p in tree.paths() if p.endswith(".py") and not screen.is_test(p)]
    found = (f for f in read_python(tree, paths) if isinstance(f, Call) and f.protocol in PROTOCOLS)
    return {e for f in found if f.span.path.startswith(folder) for e in edges(f)}


def edges(call: Call) -> Iterator[Edge]:
    for template in call.url or ((),):
        callee, target = address(template)
        if call.protocol not in ("http", "ws"):
            target = ""
        yield Edge(call.span.path, call.span.line, call.method, callee, target)


def address(template: Template) -> tuple[str, str]:
    """Callee and path. A variable that begins the host stands for all of it."""
    callee, target, in_path, closed = "", "", False, False
    for number, part in enumerate(template):
        text = part.partition("://")[2] if isinstance(part, str) and "://" in part and number == 0 else part
        if in_path:
            target += text if isinstance(text, str) else "{}"
        elif isinstance(text, str):
            host, slash, rest = text.partition("/")
            callee += "" if closed else host
            if slash or (closed and host.strip(":")):
                in_path, target = True, (text if closed else slash + rest)
        elif isinstance(part, EnvVar) and not callee:
            callee, closed = f"${part.name}", True
        elif not closed:
            callee += "{}" if callee else "?"
            closed = not callee.startswith("localhost")
    if callee == "?":
        return "?", "?"
    return callee, target.partition("?")[0]


def main(checkouts: Path) -> int:
    rows: list[tuple[str, int, int, int]] = []
    misses: list[str] = []
    for file in sorted(LABELS.glob("*.json")):
        root = checkouts / file.stem
        if not root.is_dir():
            misses.append(f"{file.stem}: no checkout")
            continue
        written = json.loads(file.read_text(encoding="utf-8"))
        labels = {Edge(**row) for row in written["calls"]}
        found = predicted(root, written["folder"])
        missed = {e for e in labels if not any(f.fits(e) for f in found)}
        wrong = {f for f in found if not any(f.fits(e) for e in labels)}
        rows.append((file.stem, len(labels), len(labels) - len(missed), len(wrong)))
        misses += [f"{file.stem}: missed {e}" for e in sorted(missed)]
        misses += [f"{file.stem}: wrong {e}" for e in sorted(wrong)]
    rows.append(("all", sum(r[1] for r in rows), sum(r[2] for r in rows), sum(r[3] for r in rows)))
    print("| repository | labelled | found | wrong | precision | recall | F1 |\n|---|---|---|---|---|---|---|")
    for name, labelled, right, wrong_count in rows:
        precision = right / (right + wrong_count) if right + wrong_count else 0.0
        recall = right / labelled if labelled else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        print(f"| {name} | {labelled} | {right} | {wrong_count} | {precision:.3f} | {recall:.3f} | {f1:.3f} |")
    print("\n".join(misses))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
