"""Reopen what a fault left, as a user would, and say in one word what it is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pytest_pmd_migrations.application.upgrade import walk_images
from pytest_pmd_migrations.errors import InjectionError, MigrationTestError
from pytest_pmd_migrations.faults.case import Case, FinishedRun
from pytest_pmd_migrations.faults.database_files import (
    DatabaseFiles,
    read_files,
    without_wal_mark,
)
from pytest_pmd_migrations.faults.database_state import (
    DatabaseState,
    differing_lines,
    read_state,
)
from pytest_pmd_migrations.faults.retry import open_left, try_again
from pytest_pmd_migrations.faults.values import Left, Point, StruckPoint
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.pages.unchanged_rows import same_content
from pytest_pmd_migrations.rows import compare_rows
from pytest_pmd_migrations.rows.damaged_pages import damaged_pages
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.abilities import goes_to_latest_only
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED
from pytest_pmd_migrations.still_clock.clock_and_dice import times_thrown

__all__ = ["PATIENCE", "Judge"]

PATIENCE = 10.0
"""Seconds that one fault may take, a run and a retry each; a slow migration gets twenty runs."""

_RUNS = 20


class _Found(NamedTuple):
    """The content of the files, whatever the run said; fields are named as in StruckPoint."""

    left: Left
    version: int | None = None
    differences: tuple[str, ...] = ()
    retry: str = ""


class Judge:
    """Judges what faults left of one case; equal files are judged once.

    ``patience`` are the seconds that a run under a fault, and a retry after it, may each take.
    ``before_opening`` is called before files are opened, which may end the process or take long.
    """

    def __init__(
        self,
        case: Case,
        patience: float = PATIENCE,
        *,
        before_opening: Callable[[], object] = lambda: None,
    ) -> None:
        self.patience = patience
        self._case = case
        self._before_opening = before_opening
        self._by_files: dict[str, _Found] = {}
        self._by_recovered: dict[str, _Found] = {}
        self._last: tuple[DatabaseFiles, _Found] | None = None
        self._states: dict[int, DatabaseState] = {}
        self._plain_is_right = False

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
        return bool(self._images) and times_thrown() > before

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
            # Hardly any migration needs this advice.
            from pytest_pmd_migrations.faults.differing_runs import advise_on_difference

            raise InjectionError(
                f"two runs without a fault differ, from {self._case.database_name} to"
                f" {format_version(self._case.to)}: {wrong}."
                f"{advise_on_difference(self._case, plain.files, self._images[self._case.to])}"
            )
        # Where it left the very files that it began with, those are the new version.
        self._plain_is_right = plain.files != self._case.start_files

    def _struck(
        self, point: Point, files: DatabaseFiles, said: str, *, reported: bool
    ) -> StruckPoint:
        found = self._find(files)
        lied = reported and found.left not in ("new", "corrupt")
        left = "lied" if lied else found.left
        return StruckPoint(point, left, found.version, said, found.differences, found.retry)

    @cached_property
    def _images(self) -> Mapping[int, Image]:
        """The database at each version from the start on, by a walk without a fault."""
        case = self._case
        return dict(walk_images(case.source, case.before, to=case.to, limits=case.limits))

    def _expected(self, version: int) -> DatabaseState:
        """Return the state at one of these versions; read where bytes alone do not tell enough."""
        if version not in self._states:
            image = self._images[version]
            with closing(image.connect()) as conn:
                self._states[version] = self._read(conn, image)
        return self._states[version]

    @cached_property
    def _known_damage(self) -> frozenset[str]:
        """What integrity_check finds without a fault too: the check ``data`` tells it."""
        found: set[str] = set()
        for image in self._images.values():
            with closing(image.connect()) as conn:
                found.update(damaged_pages(conn))
        return frozenset(found)

    def _read(self, conn: sqlite3.Connection, image: Image | None = None) -> DatabaseState:
        case = self._case
        return read_state(
            conn, case.source, ignore=case.ignore, volatile=case.volatile, image=image
        )

    def _find(self, files: DatabaseFiles) -> _Found:
        # Most points have the very files of the one before.
        if self._last is None or self._last[0] is not files:
            self._last = files, self._find_anew(files)
        return self._last[1]

    def _find_anew(self, files: DatabaseFiles) -> _Found:
        found = self._recognize(files) or self._by_files.get(files.digest)
        if found is None:
            self._before_opening()
            with TemporaryFolder(in_memory=len(files.database) <= MEMORY_LIMIT) as folder:
                path = folder / "app.db"
                files.write(path)
                found = self._by_files[files.digest] = self._reopen(path)
        return found

    def _recognize(self, files: DatabaseFiles) -> _Found | None:
        """Return what files are whose bytes a run without a fault had; None of all others.

        The same bytes say the same. The very files that the upgrade begins with need no retry
        either: the run without a fault was one, and ended right.
        """
        case = self._case
        if not case.share or files.journal or files.wal:
            return None
        if self._plain_is_right and files == case.start_files:
            return _Found("old", case.start)
        if same_content(without_wal_mark(files.database), self._images[case.to].stored):
            return _Found("new", case.to)
        return None

    def _reopen(self, path: Path) -> _Found:
        """Open the database, which rolls back what was not committed, and judge it.

        Different files are often recovered to the same bytes, which are judged once. A journal
        may lie beside them that says nothing any more.
        """
        try:
            with closing(open_left(self._case, path)) as conn:
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError as error:
            return _Found("corrupt", differences=(f"it cannot be opened: {error}",))
        left = read_files(path)
        found = self._recognize(left) or self._by_files.get(left.digest)
        if found is not None:
            return found
        recovered = DatabaseFiles(without_wal_mark(left.database), wal=left.wal).digest
        if recovered not in self._by_recovered:
            self._by_recovered[recovered] = self._judge(path)
        return self._by_recovered[recovered]

    def _judge(self, path: Path) -> _Found:
        """Say what the database is, by its version, its content and a plain retry."""
        case = self._case
        try:
            with closing(open_left(self._case, path)) as conn:
                problems = damaged_pages(conn)[:3]
                if problems and not self._known_damage.issuperset(problems):
                    return _Found("corrupt", differences=tuple(problems))
                state = self._read(conn)
        except sqlite3.DatabaseError as error:
            return _Found("corrupt", differences=(f"it cannot be read: {error}",))
        except MigrationTestError as error:
            return self._retry(path, _Found("torn", differences=(str(error),)))
        if state.version not in self._images:
            known = ", ".join(format_version(version) for version in self._images)
            line = f"expected one of the versions {known}"
            return self._retry(path, _Found(self._between, state.version, (line,)))
        expected = self._expected(state.version)
        differences = tuple(differing_lines(state, expected, ignore=case.ignore))
        if differences:
            return self._retry(path, _Found(self._between, state.version, differences))
        if state.version == case.to:
            return _Found("new", state.version)
        left: Left = "old" if state.version == case.start else "mid"
        return self._retry(path, _Found(left, state.version))

    @property
    def _between(self) -> Left:
        """What a database is that is as no version is known to be, where a retry completes it.

        Of a runner that goes to the latest only, nobody knows the versions in between.
        """
        return "mid" if goes_to_latest_only(self._case.source) else "torn"

    def _retry(self, path: Path, found: _Found) -> _Found:
        """Let the runner try again; return ``found`` if it reaches the end, else what is worse."""
        case = self._case
        failed = try_again(case, path, self.patience)
        if failed:
            return found._replace(left="wedged", retry=failed)
        try:
            with closing(open_left(self._case, path)) as conn:
                state = self._read(conn)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return found._replace(left="wedged", retry=f"leaves what cannot be read: {error}")
        if state.version != case.to:
            retry = f"reports success at version {format_version(state.version)}"
            return found._replace(left="wrong", retry=retry)
        return self._judge_end(found, state)

    def _judge_end(self, found: _Found, state: DatabaseState) -> _Found:
        """Return ``found`` where the retry ended as a run without a fault, else what is worse."""
        case = self._case
        expected = self._expected(case.to)
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
        return found._replace(
            left="lost" if lost else "wrong",
            differences=found.differences or differences,
            retry="reports success, but " + (lost[0].message if lost else differences[0]),
        )
