"""Link facts to a mesh, build the call graph, compute amplification and reachability, and report."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.notebook import Exploration, analyze_path

__all__ = ["Exploration", "analyze_path"]

# A repository under analysis may have a ``parsers`` package of its own. It must never run: look without importing.
_spec = find_spec("parsers")
if (
    _spec is None
    or _spec.origin is None
    or Path(_spec.origin).resolve().parents[1] != Path(__file__).resolve().parents[1]
):
    raise ImportError("another package named 'parsers' hides this tool's own; run the installed command 'meshgain'")


def __getattr__(name: str) -> object:
    """``analyze_path`` and ``Exploration``, loaded when they are asked for: the command line needs neither."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analyzer import notebook

    return getattr(notebook, name)
