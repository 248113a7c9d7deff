"""What images are built from: Dockerfiles, skaffold artifacts, ``docker-bake`` targets.

Source: Dockerfile reference; skaffold.dev (``build.artifacts``); docker buildx bake.
Shape: one ``ImageSource`` per Dockerfile (its last stage), artifact or target; folders relative to the root.
"""

from __future__ import annotations

from parsers.mesh import Dialect
from parsers.mesh.builds import files, skaffold

BUILDS = Dialect(
    "builds", frozenset({("skaffold", "Config")}), skaffold.read, claims=files.claims, parse_file=files.read_file
)
