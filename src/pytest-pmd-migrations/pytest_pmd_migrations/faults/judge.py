"""Reopen what a fault left, as a user would, and say in one word what it is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.application.varying_schema import WRITES_CHANCE
from pytest_pmd_migrations.errors import InjectionError, MigrationTestError
from pytest_pmd_migrations.faults.case import Case, FinishedRun
from pytest_pmd_migrations.faults.database_files import DatabaseFiles
from pytest_pmd_migrations.faults.database_state import (
    DatabaseState,
    differing_lines,
    read_state,
)
from pytest_pmd_migrations.faults.retry import open_left, try_again
from pytest_pmd_migrations.faults.values import Left, Point, StruckPoint
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.rows import compare_rows, find_varying, volatile_setting
from pytest_pmd_migrations.schema import read_schema, stored_text
from pytest_pmd_migrations.schema.drawn_values import (
    CLOCK_AND_DICE,
    find_drawings,
    told_drawings,
)
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.declarations import NOTHING_DECLARED
from pytest_pmd_migrations.still_clock.clock_and_dice import times_thrown
from pytest_pmd_migrations.temporary_folder import TemporaryFolder

__all__ = ["PATIENCE", "Judge"]

PATIENCE = 10.0
"""Seconds that one fault may take, a run and a retry each; a slow migration gets twenty runs."""

_RUNS = 20


@dataclass(frozen=True)
class _Found:
    """The content of the files, whatever the run said; fields are named as in StruckPoint."""

    left: Left
    version: int | None = None
    differences: tuple[str, ...] = ()
    retry: str = ""


class Judge:
    """Judges what faults left of one case; equal files are judged once.

    ``patience`` are the seconds that a run under a fault, and a retry after it, may each take.
    """

    def __init__(self, case: Case, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._case = case
        self._by_files: dict[str, _Found] = {}
        self._by_recovered: dict[str, _Found] = {}

    def after_kill(
        self, point: Point, files: DatabaseFiles, *, reported: bool = False
    ) -> StruckPoint:
        """Judge the files of a process that was killed.

        ``reported`` is whether the run had reported success by then.
        """
        said = "reported success" if reported else ""
        return self._struck(point, files, said, reported=reported)

    def after_run(self, point: Point, finished: FinishedRun) -> StruckPoint:
        """Judge the files of a run that came to its end, with an error or without."""
        return self._struck(point, finished.files, finished.said, reported=not finished.raised)

    @cached_property
    def throws_dice(self) -> bool:
        """Whether the upgrade calls SQL's functions of chance; replacing them takes memory."""
        before = times_thrown()
        return bool(self._expected) and times_thrown() > before

    def check_plain_run(self) -> None:
        """Raise InjectionError unless a run without a fault ends where a walk in memory does.

        A database that differs from run to run cannot be compared, a run that fails not struck.
        The time that it takes says how long a run under a fault may.
        """
        started = time.perf_counter()
        plain = self._case.plain_run
        self.patience = max(self.patience, _RUNS * (time.perf_counter() - started))
        if plain.raised:
            raise InjectionError(
                f"from {self._case.database_name}, the run without a fault {plain.said}, though in"
                " memory it succeeds: the source cannot upgrade a file. Faults are tried on files"
            )
        found = self._find(plain.files)
        if found.left != "new":
            lines = (" ".join(line.split()) for line in found.differences)
            wrong = "; ".join(lines) or f"it is at version {found.version}"
            raise InjectionError(
                f"two runs without a fault differ, from {self._case.database_name} to"
                f" {format_version(self._case.to)}: {wrong}.{self._advice(plain.files)}"
            )

    def _advice(self, files: DatabaseFiles) -> str:
        """Return what to do about rows that ``files`` has otherwise than a walk in memory."""
        expected = self._expected[self._case.to].image
        with TemporaryFolder(in_memory=len(files.database) <= MEMORY_LIMIT) as folder:
            files.write(folder / "app.db")
            with (
                closing(open_left(self._case, folder / "app.db")) as found,
                closing(expected.connect()) as conn,
            ):
                if stored_text(found) != stored_text(conn):
                    return self._advice_on_schema(stored_text(conn))
                varying = find_varying(
                    found, conn, volatile=self._case.volatile, ignore=self._case.ignore
                )
                schema = read_schema(conn)
        if not varying.columns:
            return " Let the same database give the same rows"
        line = volatile_setting((*self._case.volatile_setting, *varying.globs))
        held = not hasattr(self._case.source, "upgrade_file")
        drawn = find_drawings(schema, varying.columns, held=held)
        why = told_drawings(drawn) or f"The step asks {CLOCK_AND_DICE}."
        return f" {why} Let no check compare what they give: {line}"

    def _advice_on_schema(self, expected: tuple[tuple[object, ...], ...]) -> str:
        """Return what to do where two walks in memory make different schemas, too."""
        case = self._case
        try:
            *_, again = walk(case.source, case.before, to=case.to)
        except MigrationTestError:
            return ""
        with closing(again.after.connect()) as conn:
            return "" if stored_text(conn) == expected else f" {WRITES_CHANCE}"

    def _struck(
        self, point: Point, files: DatabaseFiles, said: str, *, reported: bool
    ) -> StruckPoint:
        found = self._find(files)
        lied = reported and found.left not in ("new", "corrupt")
        return StruckPoint(
            point,
            "lied" if lied else found.left,
            version=found.version,
            said=said,
            differences=found.differences,
            retry=found.retry,
        )

    @cached_property
    def _expected(self) -> Mapping[int, DatabaseState]:
        """The state at each version from the start on, by a walk without a fault."""
        case = self._case
        steps = walk(case.source, case.before, to=case.to, limits=case.limits)
        return {step.version: self._read(step.conn, step.after) for step in steps}

    @cached_property
    def _known_damage(self) -> frozenset[str]:
        """What integrity_check finds without a fault too: the check ``data`` tells it."""
        found: set[str] = set()
        for state in self._expected.values():
            with closing(state.image.connect()) as conn:
                found.update(str(row[0]) for row in conn.execute("PRAGMA integrity_check"))
        return frozenset(found)

    def _read(self, conn: sqlite3.Connection, image: Image | None = None) -> DatabaseState:
        case = self._case
        return read_state(
            conn, case.source, ignore=case.ignore, volatile=case.volatile, image=image
        )

    def _find(self, files: DatabaseFiles) -> _Found:
        found = self._by_files.get(files.digest)
        if found is None:
            with TemporaryFolder(in_memory=len(files.database) <= MEMORY_LIMIT) as folder:
                path = folder / "app.db"
                files.write(path)
                found = self._reopen(path)
            self._by_files[files.digest] = found
        return found

    def _reopen(self, path: Path) -> _Found:
        """Open the database, which rolls back what was not committed, and judge it.

        Different files are often recovered to the same bytes, which are judged once.
        """
        try:
            with closing(open_left(self._case, path)) as conn:
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                digest = DatabaseFiles(Image.of_connection(conn).content).digest
        except sqlite3.DatabaseError as error:
            return _Found("corrupt", differences=(f"it cannot be opened: {error}",))
        if digest not in self._by_recovered:
            self._by_recovered[digest] = self._judge(path)
        return self._by_recovered[digest]

    def _judge(self, path: Path) -> _Found:
        """Say what the database is, by its version, its content and a plain retry."""
        case = self._case
        try:
            with closing(open_left(self._case, path)) as conn:
                problems = [str(row[0]) for row in conn.execute("PRAGMA integrity_check(3)")]
                if problems != ["ok"] and not self._known_damage.issuperset(problems):
                    return _Found("corrupt", differences=tuple(problems))
                state = self._read(conn)
        except sqlite3.DatabaseError as error:
            return _Found("corrupt", differences=(f"it cannot be read: {error}",))
        except MigrationTestError as error:
            return self._retry(path, _Found("torn", differences=(str(error),)))
        expected = self._expected.get(state.version)
        if expected is None:
            known = ", ".join(format_version(version) for version in self._expected)
            line = f"expected one of the versions {known}"
            return self._retry(path, _Found("torn", state.version, (line,)))
        differences = tuple(differing_lines(state, expected, ignore=case.ignore))
        if differences:
            return self._retry(path, _Found("torn", state.version, differences))
        if state.version == case.to:
            return _Found("new", state.version)
        left: Left = "old" if state.version == case.start else "mid"
        return self._retry(path, _Found(left, state.version))

    def _retry(self, path: Path, found: _Found) -> _Found:
        """Let the runner try again; return ``found`` if it reaches the end, else what is worse."""
        case = self._case
        failed = try_again(case, path, self.patience)
        if failed:
            return replace(found, left="wedged", retry=failed)
        try:
            with closing(open_left(self._case, path)) as conn:
                state = self._read(conn)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return replace(found, left="wedged", retry=f"leaves what cannot be read: {error}")
        if state.version != case.to:
            retry = f"reports success at version {format_version(state.version)}"
            return replace(found, left="wrong", retry=retry)
        return self._judge_end(found, state)

    def _judge_end(self, found: _Found, state: DatabaseState) -> _Found:
        """Return ``found`` where the retry ended as a run without a fault, else what is worse."""
        case = self._case
        expected = self._expected[case.to]
        differences = tuple(differing_lines(state, expected, ignore=case.ignore))
        if not differences:
            return found
        lost = compare_rows(
            expected.image,
            state.image,
            declarations=NOTHING_DECLARED,
            rerun=lambda _conn: None,
            ignore=case.ignore,
            volatile=case.volatile,
        ).findings
        return replace(
            found,
            left="lost" if lost else "wrong",
            differences=found.differences or differences,
            retry="reports success, but " + (lost[0].message if lost else differences[0]),
        )
