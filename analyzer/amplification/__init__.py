"""How many requests one request can become: layers, programs, causes, cycles, budgets and time.

``amplify`` computes the numbers of every (entry, target) pair; ``scenario`` what arrives everywhere while one operation
fails. Source: docs/amplification.md says what each number means and how it was compared with a real proxy.
"""

from __future__ import annotations

from analyzer.amplification.cycles import Cycle
from analyzer.amplification.results import Amplification, OperationLoad, Pair, Scenario, amplify, scenario
from analyzer.amplification.system import CallFacts, System, assume

__all__ = [
    "Amplification",
    "CallFacts",
    "Cycle",
    "OperationLoad",
    "Pair",
    "Scenario",
    "System",
    "amplify",
    "assume",
    "scenario",
]
