"""Text inside the page."""

from __future__ import annotations

import html


def escape(text: str) -> str:
    """Text that is only text: markup escaped, control characters shown as the sign for what cannot be shown."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in text))
