"""Reopen what a fault left, as a user would, and say in one word what it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.application.upgrade import EMPTY, walk
from pytest_pmd_migrations.errors import InjectionError, MigrationTestError
from pytest_pmd_migrations.faults.case import Case, Ran, scratch_folder
from pytest_pmd_migrations.faults.files import Files
from pytest_pmd_migrations.faults.values import Judged, Point, Verdict
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import compare_rows, digest_tables
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.showing.lines import diff_lines
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.declarations import NOTHING_DECLARED
from pytest_pmd_migrations.sources.protocol import current_version
from pytest_pmd_migrations.wording import counted

__all__ = ["Judge"]

_LABELS = ("found", "expected")


@dataclass(frozen=True)
class State:
    """A database as a value: its version, the text of its schema, the rows of each table."""

    version: int
    text: tuple[tuple[object, ...], ...]
    rows: Mapping[str, str]
    image: Image


@dataclass(frozen=True)
class _Aftermath:
    """What is in the files, whatever the run said."""

    verdict: Verdict
    version: int | None = None
    differences: tuple[str, ...] = ()
    retry: str = ""


class Judge:
    """Judges what faults left of one case; equal files are judged once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._files: dict[str, _Aftermath] = {}
        self._recovered: dict[str, _Aftermath] = {}

    def killed(self, point: Point, files: Files, *, reported: bool = False) -> Judged:
        """Judge what a process that was killed left; ``reported`` is whether it had said "done"."""
        return self._judged(point, files, "reported success" if reported else "", reported=reported)

    def ended(self, point: Point, ran: Ran) -> Judged:
        """Judge what a run left that came to its end, with an error or without."""
        return self._judged(point, ran.files, ran.outcome, reported=not ran.raised)

    def _judged(self, point: Point, files: Files, outcome: str, *, reported: bool) -> Judged:
        found = self._aftermath(files)
        lied = reported and found.verdict not in ("new", "corrupt")
        return Judged(
            point,
            "lied" if lied else found.verdict,
            version=found.version,
            outcome=outcome,
            differences=found.differences,
            retry=found.retry,
        )

    def check_plain_run(self) -> None:
        """Raise InjectionError unless a run without a fault ends where the walk does.

        What differs from run to run cannot be compared; a run that fails cannot be struck.
        """
        _, ran = self._case.plain
        if ran.raised:
            raise InjectionError(
                f"from {self._case.label}, the run without a fault {ran.outcome}, though in memory"
                " it succeeds: the source cannot upgrade a file. Faults are tried on files"
            )
        found = self._aftermath(ran.files)
        if found.verdict != "new":
            wrong = "; ".join(found.differences) or f"it is at version {found.version}"
            raise InjectionError(
                f"two runs without a fault differ, from {self._case.label} to"
                f" {format_version(self._case.to)}: {wrong}. Name columns that differ from run to"
                " run in the source's volatile"
            )

    @cached_property
    def _expected(self) -> Mapping[int, State]:
        """The state at each version from the start on, by a walk without a fault."""
        case = self._case
        found = {}
        for step in walk(case.source, case.before, to=case.to):
            found[step.version] = self._state(step.conn, step.after)
        return found

    def _state(self, conn: sqlite3.Connection, image: Image | None = None) -> State:
        case = self._case
        return State(
            current_version(case.source, conn),
            stored_text(conn),
            {
                **digest_tables(conn, volatile=case.volatile, ignore=case.ignore),
                **_marks(conn),
            },
            image or _image(conn),
        )

    def _aftermath(self, files: Files) -> _Aftermath:
        found = self._files.get(files.digest)
        if found is None:
            with scratch_folder(len(files.database)) as folder:
                path = folder / "app.db"
                files.write(path)
                found = self._reopened(path)
            self._files[files.digest] = found
        return found

    def _reopened(self, path: Path) -> _Aftermath:
        """Open the database, which rolls back what was not committed, and judge it.

        What was recovered before is known: a rollback gives the same bytes.
        """
        try:
            with closing(_open(path)) as conn:
                conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                digest = Files(_image(conn).content).digest
        except sqlite3.DatabaseError as error:
            return _Aftermath("corrupt", differences=(f"it cannot be opened: {error}",))
        if digest not in self._recovered:
            self._recovered[digest] = self._judge(path)
        return self._recovered[digest]

    def _judge(self, path: Path) -> _Aftermath:
        case = self._case
        try:
            with closing(_open(path)) as conn:
                problems = [str(row[0]) for row in conn.execute("PRAGMA integrity_check(3)")]
                if problems != ["ok"]:
                    return _Aftermath("corrupt", differences=tuple(problems))
                state = self._state(conn)
        except sqlite3.DatabaseError as error:
            return _Aftermath("corrupt", differences=(f"it cannot be read: {error}",))
        except MigrationTestError as error:
            return self._retried(path, _Aftermath("torn", differences=(str(error),)))
        expected = self._expected.get(state.version)
        if expected is None:
            known = ", ".join(format_version(version) for version in self._expected)
            return self._retried(
                path, _Aftermath("torn", state.version, (f"expected one of the versions {known}",))
            )
        differences = tuple(_differences(state, expected, case))
        if differences:
            return self._retried(path, _Aftermath("torn", state.version, differences))
        if state.version == case.to:
            return _Aftermath("new", state.version)
        word: Verdict = "old" if state.version == case.start else "mid"
        return self._retried(path, _Aftermath(word, state.version))

    def _retried(self, path: Path, found: _Aftermath) -> _Aftermath:
        """Let the source try again: the verdict stays if that reaches the end."""
        case = self._case
        case.on_retry()
        try:
            with closing(_open(path)) as conn:
                case.source.upgrade(conn, case.to)
            with closing(_open(path)) as conn:
                state = self._state(conn)
        except (Exception, SystemExit) as error:
            text = " ".join(str(error).split())
            return replace(found, verdict="wedged", retry=f"raises {type(error).__name__}: {text}")
        expected = self._expected[case.to]
        if state.version != case.to:
            return replace(
                found,
                verdict="wrong",
                retry=f"reports success at version {format_version(state.version)}",
            )
        differences = tuple(_differences(state, expected, case))
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
        retry = "reports success, but " + (lost[0].message if lost else differences[0])
        return replace(
            found,
            verdict="lost" if lost else "wrong",
            differences=found.differences or differences,
            retry=retry,
        )


def _open(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path)
    try:
        conn.execute("PRAGMA synchronous = OFF")
    except BaseException:
        conn.close()
        raise
    return conn


def _image(conn: sqlite3.Connection) -> Image:
    """Return what ``conn`` shows; SQLite has nothing to serialize of a database without a page."""
    if not conn.execute("PRAGMA page_count").fetchone()[0]:
        return EMPTY
    return Image.of_connection(conn)


def _marks(conn: sqlite3.Connection) -> Mapping[str, str]:
    """Return the marks of AUTOINCREMENT: an id is not given out twice, whatever struck."""
    try:
        rows = conn.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
    except sqlite3.OperationalError:
        return {}
    return {"sqlite_sequence": repr(rows)}


def _differences(state: State, expected: State, case: Case) -> Iterator[str]:
    """Yield a line for everything that is not as expected."""
    if state.text != expected.text:
        with closing(state.image.connect()) as there, closing(expected.image.connect()) as wanted:
            diff = compare(
                read_schema(there).without(case.ignore), read_schema(wanted).without(case.ignore)
            )
        yield from diff_lines(diff, labels=_LABELS)
    for table in sorted(state.rows.keys() & expected.rows.keys()):
        if state.rows[table] != expected.rows[table]:
            yield _rows_line(table, state.image, expected.image)


def _rows_line(table: str, there: Image, wanted: Image) -> str:
    quoted = '"' + table.replace('"', '""') + '"'
    counts = []
    for image in (there, wanted):
        with closing(image.connect()) as conn:
            counts.append(int(conn.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0]))
    if counts[0] == counts[1]:
        return f"table {table} has other values in its {counted(counts[0], 'row')}"
    return f"table {table} has {counts[0]} of {counted(counts[1], 'row')}"
