"""Say what to do about a run without a fault that ends otherwise than a walk in memory."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.application.varying_schema import WRITES_CHANCE
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.database_files import DatabaseFiles
from pytest_pmd_migrations.faults.retry import open_left
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.rows import find_varying, volatile_setting
from pytest_pmd_migrations.schema import read_schema, stored_text
from pytest_pmd_migrations.schema.drawn_values import (
    CLOCK_AND_DICE,
    find_drawings,
    told_drawings,
)

__all__ = ["advise_on_difference"]


def advise_on_difference(case: Case, files: DatabaseFiles, expected: Image) -> str:
    """Return what to do where a run left ``files``, and a walk in memory ``expected``."""
    with TemporaryFolder(in_memory=len(files.database) <= MEMORY_LIMIT) as folder:
        files.write(folder / "app.db")
        with (
            closing(open_left(case, folder / "app.db")) as found,
            closing(expected.connect()) as conn,
        ):
            if stored_text(found) != stored_text(conn):
                return _advise_on_schema(case, stored_text(conn))
            varying = find_varying(found, conn, volatile=case.volatile, ignore=case.ignore)
            schema = read_schema(conn)
    if not varying.columns:
        return " Let the same database give the same rows"
    line = volatile_setting((*case.volatile_setting, *varying.globs))
    held = not hasattr(case.source, "upgrade_file")
    drawn = find_drawings(schema, varying.columns, held=held)
    why = told_drawings(drawn) or f"The step asks {CLOCK_AND_DICE}."
    return f" {why} Let no check compare what they give: {line}"


def _advise_on_schema(case: Case, expected: tuple[tuple[object, ...], ...]) -> str:
    """Return what to do where two walks in memory make different schemas, too."""
    try:
        *_, again = walk(case.source, case.before, to=case.to)
    except MigrationTestError:
        return ""
    with closing(again.after.connect()) as conn:
        return "" if stored_text(conn) == expected else f" {WRITES_CHANCE}"
