"""The command `pmd`: one module for each kind of command, `command` for their group."""

from __future__ import annotations

from pmd.cli.command import main

__all__ = ["main"]
