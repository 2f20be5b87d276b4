"""Switch pytester on, for acceptance tests, and name pmd's SQL for the migration matrix."""

from __future__ import annotations

pytest_plugins = ["pytester"]


def pytest_migration_statements() -> tuple[tuple[str, str], ...]:
    """Return every statement of the repositories: each must prepare on every database."""
    from pmd.store.repositories.statements import all_statements

    return all_statements()
