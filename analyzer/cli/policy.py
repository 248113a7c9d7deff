"""``access`` and ``suggest``: who may, and what they should."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
