"""What is worked out once for a mesh, as every semantics does it (``analyzer.linking.memory``)."""

from __future__ import annotations

from analyzer.linking.memory import remembered

__all__ = ["remembered"]
