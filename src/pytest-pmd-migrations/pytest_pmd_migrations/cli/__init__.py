"""The command ``pmd-migrations``: it alone writes into the repository."""

from __future__ import annotations

from pytest_pmd_migrations.cli.command import main

__all__ = ["main"]
