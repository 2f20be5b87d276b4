"""Reach Django's own classes: it is imported when a project of it is tested, and not before."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

from pytest_pmd_migrations.errors import SourceError

__all__ = ["part", "refuse_unusable"]

_KNOWN = "Django 5.2 and 6.1 are known to work"
_OLDEST = (4, 2)
_NEEDED = (
    ("django.db.migrations.loader", "MigrationLoader.build_graph"),
    ("django.db.migrations.loader", "MigrationLoader.load_disk"),
    ("django.db.migrations.loader", "MigrationLoader.check_consistent_history"),
    ("django.db.migrations.executor", "MigrationExecutor.migration_plan"),
    ("django.db.migrations.executor", "MigrationExecutor._create_project_state"),
    ("django.db.migrations.loader", "MigrationRecorder"),
    ("django.db.migrations.recorder", "MigrationRecorder.applied_migrations"),
    ("django.db.migrations.recorder", "MigrationRecorder.has_table"),
    ("django.db.migrations.recorder", "MigrationRecorder.migration_qs"),
    ("django.db.migrations.state", "ProjectState.clear_delayed_apps_cache"),
    ("django.core.management.base", "no_translations"),
    ("django.core.management.sql", "emit_post_migrate_signal"),
    ("django.db.backends.sqlite3._functions", "register"),
)
"""What is called of Django beside what its documentation promises."""


def part(module: str, name: str) -> Any:  # noqa: ANN401 - Django brings no types
    """Return what a module of Django has under a name, with dots for what is inside it.

    Raises AttributeError or ImportError where it has nothing.
    """
    found: Any = importlib.import_module(module)
    for each in name.split("."):
        found = getattr(found, each)
    return found


def refuse_unusable(named: str) -> None:
    """Raise SourceError where no Django is installed, or one that cannot be used."""
    if find_spec("django") is None:
        raise SourceError(
            f"{named} needs Django, which is not installed in this environment: pip install django"
            f" ({_KNOWN})"
        )
    version = part("django", "get_version")()
    if part("django", "VERSION")[:2] < _OLDEST:
        raise SourceError(
            f"{named}: Django {version} is too old; {_KNOWN}: pip install 'django>=5.2'"
        )
    for module, name in _NEEDED:
        try:
            part(module, name)
        except (AttributeError, ImportError) as error:
            raise SourceError(
                f"{named}: Django {version} cannot be used, as its {module} has no {name}; {_KNOWN}"
            ) from error
