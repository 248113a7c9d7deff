"""How fast reading is, as ratios within one interleaved run; not a test.

Run: ``python -m tests.benchmarks.bench_reading [FOLDER] [ROUNDS]``. Without a folder, 5,000 generated YAML files.
Prints the median CPU time of each row and of its ratio to the first row of its group.
"""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from ruamel.yaml import YAML, CSafeLoader
from ruamel.yaml.error import YAMLError

from parsers.disk import DiskTree
from parsers.reading import Scope, _dialects, read
from parsers.source import SourceFile
from parsers.yamltree import documents

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: w{i}, namespace: team{t}, labels: {{app: w{i}}}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: w{i}}}}}
  template:
    metadata: {{labels: {{app: w{i}, version: v1}}}}
    spec:
      serviceAccountName: w{i}
      containers:
      - name: app
        image: registry.example/team{t}/w{i}:1.{i}
        ports: [{{containerPort: 8080, name: http}}]
        env:
        - {{name: DOWNSTREAM, value: "http://w{t}.team{t}:8080"}}
        - name: TOKEN
          valueFrom: {{secretKeyRef: {{name: s{i}, key: token}}}}
        readinessProbe: {{httpGet: {{path: /healthz, port: 8080}}}}
        resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{memory: 128Mi}}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: w{i}, namespace: team{t}}}
spec:
  selector: {{app: w{i}}}
  ports: [{{name: http, port: 8080, targetPort: http}}]
"""
BAIT = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: c{i}, namespace: team{t}}}
data:
  template: |
    ---
    kind: Deployment
    spec: {{replicas: {i}}}
    ---
  other: "kind: Service"
"""
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: w{i}, namespace: team{t}}}
spec:
  hosts: [w{i}]
  http:
  - match: [{{uri: {{prefix: /v1}}}}]
    route: [{{destination: {{host: w{i}, subset: v1}}}}]
    retries: {{attempts: 3, perTryTimeout: 2s, retryOn: "5xx,reset"}}
"""
FOREIGN = """\
apiVersion: example.org/v1
kind: Widget
metadata: {{name: x{i}}}
spec: {{a: [1, 2, 3], b: {{c: {{d: e}}}}, note: "kindly ignored"}}
"""


def generate(root: Path, count: int) -> None:
    chance = random.Random(1)
    weighted = [WORKLOAD] * 6 + [SERVICE] * 4 + [BAIT] * 3 + [ROUTE] * 3 + [FOREIGN] * 4
    for i in range(count):
        folder = root / f"team{i % 40}" / f"svc{i % 200}"
        folder.mkdir(parents=True, exist_ok=True)
        parts = [chance.choice(weighted).format(i=i * 10 + k, t=i % 40) for k in range(chance.randint(1, 8))]
        (folder / f"m{i}.yaml").write_text("---\n".join(parts))


def files_of(root: str) -> list[SourceFile]:
    tree = DiskTree(root)
    found = (tree.read(p) for p in tree.paths() if p.endswith((".yaml", ".yml")))
    return [f for f in found if isinstance(f, SourceFile)]


def ruamel(file: SourceFile, how: str) -> None:
    try:
        if how == "rt":
            list(YAML().load_all(file.text))
            return
        loader = CSafeLoader(file.text)
        while loader.check_node():
            loader.get_node()
    except (YAMLError, ValueError):
        return


def compose(file: SourceFile, wanted: re.Pattern[str]) -> None:
    for _ in documents(file, wanted):
        pass


def walk(root: str) -> None:
    for _ in os.walk(root):
        pass


def compare(rows: dict[str, Callable[[], object]], rounds: int) -> None:
    taken: dict[str, list[float]] = {name: [] for name in rows}
    for turn in range(rounds):
        for name in [*rows][turn % len(rows) :] + [*rows][: turn % len(rows)]:
            start = time.process_time()
            rows[name]()
            taken[name].append(time.process_time() - start)
    first = next(iter(taken.values()))
    for name, times in taken.items():
        ratio = median(own / base for own, base in zip(times, first, strict=True))
        print(f"{name:44} {median(times):8.3f} s   x {ratio:.3f}")


def main(root: str, rounds: int) -> None:
    files = files_of(root)
    sample = random.Random(2).sample(files, min(len(files), 250))
    wanted = _dialects().wanted
    megabytes = sum(len(f.text) for f in files) / 1e6
    print(f"{len(files)} YAML files, {megabytes:.1f} MB; {len(sample)} of them for ruamel's round-trip loader")
    compare(
        {
            "os.walk": lambda: walk(root),
            "discovery (names, kinds, links)": lambda: DiskTree(root).paths(),
        },
        rounds * 3,
    )
    compare(
        {
            "sample: ruamel rt": lambda: [ruamel(f, "rt") for f in sample],
            "sample: ruamel C nodes": lambda: [ruamel(f, "c") for f in sample],
            "sample: split, screened, C nodes (ours)": lambda: [compose(f, wanted) for f in sample],
        },
        rounds,
    )
    compare(
        {
            "all: ruamel C nodes": lambda: [ruamel(f, "c") for f in files],
            "all: split, screened, C nodes (ours)": lambda: [compose(f, wanted) for f in files],
            "all: read to facts, from disk (ours)": lambda: read(DiskTree(root), Scope(python=False)),
        },
        rounds,
    )


if __name__ == "__main__":
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    if len(sys.argv) > 1:
        main(sys.argv[1], turns)
    else:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), 5_000)
            main(folder, turns)
