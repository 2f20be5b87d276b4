"""Choose the dialect of a folder: the one that ``migration_dialect`` names, or a recognised one."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_pmd_migrations.errors import SettingError, SourceError
from pytest_pmd_migrations.sources.close_names import did_you_mean
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.recognise import PMD, recognise

if TYPE_CHECKING:
    from pytest_pmd_migrations.sources.sql_folder.source import SqlFolderSource

__all__ = ["DIALECTS", "sql_folder_source"]

DIALECTS: dict[str, tuple[str, str]] = {
    "flyway": ("flyway", "Flyway"),
    "golang-migrate": ("golang_migrate", "GolangMigrate"),
    "dbmate": ("dbmate", "Dbmate"),
    "goose": ("goose", "Goose"),
    "sqlx": ("sqlx", "Sqlx"),
    "diesel": ("diesel", "Diesel"),
    "refinery": ("refinery", "Refinery"),
    "drizzle": ("drizzle", "Drizzle"),
    "prisma": ("prisma", "Prisma"),
}
"""The module of this package and the class of each tool's dialect."""


def sql_folder_source(folder: Path, root: Path, named: str, dialect: str) -> SqlFolderSource | None:
    """Return the source of a folder in some tool's dialect; None where pmd's runner runs it.

    ``dialect`` is what ``migration_dialect`` says, ``named`` how messages name the folder's
    setting. Raises SettingError for a dialect that is not known, SourceError, one line, where the
    scripts are those of two tools, or none that the tool would run.
    """
    known = [*DIALECTS, PMD]
    if dialect and dialect not in known:
        close = get_close_matches(dialect, known, n=1)
        raise SettingError(
            f"migration_dialect {dialect!r} is not known; expected one of {', '.join(known)}"
            f"{did_you_mean(*close)}"
        )
    scripts = SqlFolder(folder, root, named)
    if dialect:
        return None if dialect == PMD else _source(scripts, dialect, "migration_dialect")
    try:
        claim = recognise(scripts)
    except OSError as error:
        raise SourceError(f"{named} cannot be read: {error.strerror}") from error
    return _source(scripts, claim.dialect, claim.reason) if claim else None


def _source(scripts: SqlFolder, dialect: str, why: str) -> SqlFolderSource:
    from pytest_pmd_migrations.sources.sql_folder.source import SqlFolderSource

    module, name = DIALECTS[dialect]
    found: Any = importlib.import_module(f"{__package__}.{module}")
    return SqlFolderSource(scripts, getattr(found, name)(), why)
