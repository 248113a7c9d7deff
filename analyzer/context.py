"""All that a rule may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.environments import Environment, environment
from analyzer.linking.mesh import Mesh
from analyzer.options import Options

if TYPE_CHECKING:
    from analyzer.amplification import Amplification
    from analyzer.graph import CallGraph
    from analyzer.reachability import Reachability


@dataclass(frozen=True)
class Context:
    """The linked system, its graph and what was computed from it."""

    mesh: Mesh
    graph: CallGraph
    amplification: Amplification
    reachability: Reachability
    options: Options
    documents: Mapping[str, str]  # path -> text of prose files that rules look for (decision records, alerts)
    written: tuple[object, ...] = ()  # every fact as read, those too that an overlay replaces

    def environment(self, namespace: str) -> Environment:
        """What kind of environment a namespace is, by its name and labels or as configured."""
        return environment(namespace, self.mesh.namespace_labels(namespace), self.options.production)

    @cached_property
    def in_mesh(self) -> frozenset[str]:
        """Ids of the services whose pods are in a mesh."""
        return frozenset(s for s, m in self.graph.memberships.items() if m is not None)
