"""Declare the hooks that an application may implement in its ``conftest.py``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import sqlite3

    from pytest_pmd_migrations.sources.protocol import Source


@pytest.hookspec
def pytest_migration_sources(config: pytest.Config) -> Sequence[Source]:  # type: ignore[empty-body]  # a hook's signature
    """Return the migration sources of this application, besides ``migration_source``."""


@pytest.hookspec
def pytest_migration_statements(
    config: pytest.Config, source: Source
) -> Iterable[tuple[str, str]] | None:
    """Return (name, SQL) of each statement the application runs on a database of ``source``."""


@pytest.hookspec
def pytest_migration_connection(conn: sqlite3.Connection, source: Source) -> None:
    """Add what the application adds to its own connections to a database of ``source``."""
