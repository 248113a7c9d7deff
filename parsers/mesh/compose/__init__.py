"""docker-compose files: services as workloads, each a name that others call.

Source: compose-spec (``services``); a service's name, its container name and its network aliases are DNS names.
Shape: one ``Workload`` (ComposeService) and one ``Service`` per service, one ``Service`` per further name, one
``ImageSource`` per build. A published port makes the type NodePort: that is how the outside gets in.
Errors: a variable that ``.env`` does not set and that has no default is reported; its value is unknown.
"""

from __future__ import annotations

from parsers.mesh import Dialect
from parsers.mesh.compose import services

COMPOSE = Dialect("compose", claims=services.claims, parse_file=services.read_file)
