"""The hooks an application may implement in its ``conftest.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_pmd_migrations.sources.protocol import Source


@pytest.hookspec
def pytest_migration_sources(config: pytest.Config) -> Sequence[Source]:  # type: ignore[empty-body]  # a hook's signature
    """Return the migration sources of this application, besides ``migration_source``."""
