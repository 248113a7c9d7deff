"""Link facts to a mesh, build the call graph, compute amplification and reachability, and report."""

from importlib.util import find_spec
from pathlib import Path

# A repository under analysis may have a ``parsers`` package of its own. It must never run: look without importing.
_spec = find_spec("parsers")
if _spec is None or _spec.origin is None or Path(_spec.origin).resolve().parents[1] != Path(__file__).resolve().parents[1]:
    raise ImportError("another package named 'parsers' hides this tool's own; run the installed command 'meshgain'")
