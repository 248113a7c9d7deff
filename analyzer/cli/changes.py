"""``diff`` and ``comment``: what a change does."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
