"""Refuse the globs of the settings that say nothing of any known database."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_pmd_migrations.application.history import History, Project
from pytest_pmd_migrations.application.ignore_patterns import count_hidden
from pytest_pmd_migrations.application.volatile_patterns import refuse_idle_volatile

__all__ = ["refuse_idle_globs"]


def refuse_idle_globs(project: Project) -> Mapping[History, int]:
    """Return how many objects ``migration_ignore`` hides from each history's checks.

    Raises SettingError for one of its globs that hides nothing, and for one of
    ``migration_volatile`` that names no column; the matrix and the commands ask here.
    """
    hidden = count_hidden(project)
    refuse_idle_volatile(project)
    return hidden
