"""Make Django ready in this process, once, without a look at the project's own database."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.sources.django.parts import part
from pytest_pmd_migrations.sources.django.reason import reason_of
from pytest_pmd_migrations.sources.django.redirected import ALIAS, redirected
from pytest_pmd_migrations.sources.django.settings_module import (
    VARIABLE,
    SettingsModule,
    find_settings,
)

__all__ = ["set_up"]


def set_up(root: Path, ini: str, named: str) -> None:
    """Import the project's settings and its apps, unless something has done so already.

    Raises SourceError where there are no settings, where they or the apps cannot be imported, and
    where the database is no SQLite database.
    """
    settings = part("django.conf", "settings")
    told_by = "settings that this run made itself"
    if not settings.configured:
        found = find_settings(root, ini, named)
        told_by = f"settings {found.name}, named by {found.told_by},"
        _import_settings(found, root, named)
    _refuse_engine(named, told_by)
    if part("django.apps", "apps").ready:
        return
    with TemporaryFolder() as folder, redirected(folder / "empty.db"):
        try:
            part("django", "setup")()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise SourceError(
                f"{named}: the {told_by} cannot be used: Django's setup raised {reason_of(error)}"
            ) from error


def _import_settings(found: SettingsModule, root: Path, named: str) -> None:
    for folder in (found.folder, root / "src", root):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    os.environ[VARIABLE] = found.name
    settings = part("django.conf", "settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - the first question imports the module
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SourceError(
            f"{named}: the settings {found.name}, named by {found.told_by}, cannot be imported:"
            f" {reason_of(error)}"
        ) from error


def _refuse_engine(named: str, told_by: str) -> None:
    try:
        engine = part("django.db", "connections").settings[ALIAS]["ENGINE"]
        vendor = part("django.db.utils", "load_backend")(engine).DatabaseWrapper.vendor
        why = ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        engine, vendor, why = _engine_text(), "", f" ({reason_of(error)})"
    if vendor != "sqlite":
        raise SourceError(
            f"{named}: the database {ALIAS!r} of the {told_by} has the engine {engine!r}{why};"
            " expected one of SQLite. Name settings that use SQLite, in the environment:"
            f" {VARIABLE}=..."
        )


def _engine_text() -> str:
    databases = getattr(part("django.conf", "settings"), "DATABASES", None)
    database = databases.get(ALIAS) if isinstance(databases, dict) else None
    return str(database.get("ENGINE", "")) if isinstance(database, dict) else ""
