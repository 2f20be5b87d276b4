"""A small application: migrations as SQL or functions, with a folder of stored databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import version_line
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.checks.model import AnyCheck, Verdict
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.cli.survey import take_survey
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judge_cell import judge_cell
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.lock_file import SnapshotLine, content_digest, write_lock_file
from pytest_pmd_migrations.sources import Location, Source

SETTINGS = {Application: {one.name for one in fields(Application)}, Rules: {*Rules._fields}}
Up = str | Callable[[sqlite3.Connection], object]


class Notes:
    """A source whose steps are given; each is written to a file of its own, so it has a text."""

    name = "notes"

    def __init__(self, folder: Path, steps: Mapping[int, Up]) -> None:
        self.steps = dict(steps)
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for version, step in steps.items():
            self.location(version).path.write_text(
                f"# {step if isinstance(step, str) else version}"
            )

    def versions(self) -> Sequence[int]:
        return sorted(self.steps)

    def location(self, version: int) -> Location:
        return Location(self.folder / f"{version:04d}_step.py", 3)

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        for version in self.versions():
            if conn.execute("PRAGMA user_version").fetchone()[0] < version <= to:
                self.take(conn, version)

    def take(self, conn: sqlite3.Connection, version: int) -> None:
        step = self.steps[version]
        conn.execute("BEGIN")
        try:
            if callable(step):
                step(conn)
            else:
                for statement in filter(str.strip, step.split(";")):
                    conn.execute(statement)
            conn.execute(f"PRAGMA user_version = {version}")
        except BaseException:
            conn.rollback()
            raise
        if conn.in_transaction:
            conn.execute("COMMIT")


class Repeatable(Notes):
    """The same, with a way to run a step again."""

    def rerun(self, conn: sqlite3.Connection, version: int) -> None:
        self.take(conn, version)


def application(root: Path, steps: Mapping[int, Up], **settings: object) -> History:
    """Return the history of an application whose steps can be run again; nothing is stored."""
    source = settings.pop("source", None) or Repeatable(root / "app", steps)
    given = {
        kind: {name: settings.pop(name) for name in list(settings) if name in names}
        for kind, names in SETTINGS.items()
    }
    assert not settings
    built = Application(source, **given[Application])
    return History(built, Store(SnapshotFolder(root / "snapshots"), built), Rules(**given[Rules]))


def history_of(source: Source, folder: SnapshotFolder, rules: Rules | None = None) -> History:
    """Return the history of a source whose snapshots are in ``folder``."""
    built = Application(source)
    return History(built, Store(folder, built), rules or Rules())


def store(history: History, name: str, sql: str) -> Path:
    """Store a snapshot made by ``sql``, at the version in its name."""
    history.store.folder.path.mkdir(exist_ok=True)
    path = history.store.folder.path / f"{name}.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(f"{sql}; PRAGMA user_version = {int(name[:4])}")
    return path


def again(history: History) -> History:
    """Return the history as another process sees it: nothing cached."""
    application = replace(history.application)
    return History(application, Store(history.store.folder, application), history.rules)


def lock(history: History, *, released: Sequence[int] = ()) -> History:
    """Write the lock file for what is stored, and return the history that reads it."""
    survey = take_survey(history)
    found = again(history).store.lock_file
    for version in history.application.versions:
        line = version_line(history, version, survey.result(version), released=version in released)
        found = found.with_version(version, line)
    for name, stored in survey.snapshots.items():
        found = found.with_snapshot(name, SnapshotLine(content_digest(stored.image.content), {}))
    write_lock_file(history.store.lock_path, found)
    return again(history)


def verdict(history: History, row: str, check: str, *, only: bool = False) -> Verdict:
    """Return the verdict on one cell, with every check watching or ``only`` its own."""
    checks: Sequence[AnyCheck] = all_checks()
    cells = list_cells(history, checks)
    cell = next(one for one in cells if (str(one.row), one.check.name) == (row, check))
    return judge_cell(Walks(history, [cell.check] if only else checks), cell)


def told(history: History, row: str, check: str) -> str:
    """Return what one cell finds, as it is printed; the same with and without other checks.

    Of a cell that cannot be judged it is the story of the cause.
    """
    found, alone = verdict(history, row, check), verdict(history, row, check, only=True)
    assert (found.findings, found.cause) == (alone.findings, alone.cause)
    assert not (found.findings and found.cause)
    findings = found.findings if found.cause is None else (found.cause.finding,)
    return "\n".join("\n".join((one.headline, *one.lines)) for one in findings)
