"""Rows of tables whose names are no UTF-8 are compared as all others; other programs make such."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.cli.build import build_missing, write_built
from pytest_pmd_migrations.cli.release import mark_released
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import combine_digests, compare_rows, count_rows, digest_tables
from pytest_pmd_migrations.rows.substitute_names import (
    nameable,
    nameable_image,
    with_substitutes,
    without_substitutes,
)
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.schema import stored_text
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.lock_file import write_lock_file
from pytest_pmd_migrations.sources.declared.declarations import (
    NOTHING_DECLARED,
    Condition,
    Declarations,
)
from pytest_pmd_migrations.sources.protocol import Location

FIRST = """
CREATE TABLE p(id INTEGER PRIMARY KEY, d DEFAULT 'vzz');
CREATE TABLE fzz(
    id INTEGER PRIMARY KEY AUTOINCREMENT, bzz TEXT UNIQUE, p REFERENCES p ON DELETE CASCADE
);
CREATE VIEW wzz AS SELECT bzz FROM fzz;
CREATE VIEW v AS SELECT * FROM fzz;
CREATE TRIGGER tzz AFTER UPDATE ON p BEGIN UPDATE fzz SET bzz = 'new' || id WHERE p = new.id; END;
INSERT INTO p VALUES (1, 1), (2, 2);
INSERT INTO fzz(bzz, p) VALUES ('x', 1), ('y', 2), ('z', 2);
"""
TABLE, COLUMN, VIEW = "f\udcffz", "b\udcffz", "w\udcffz"
NAMES = (b"fzz", b"bzz", b"wzz", b"tzz", b"vzz")
CASCADE = "DELETE FROM p WHERE id = 2"


def other_bytes(text: str) -> bytes:
    content = text.encode()
    for name in NAMES:
        content = content.replace(name, name[:1] + b"\xff" + name[2:])
    return content


def rename_all(conn: sqlite3.Connection) -> None:
    """Put a byte that is no UTF-8 into each name, as another driver would from the beginning."""
    rows = conn.execute("SELECT name, tbl_name, sql, rowid FROM sqlite_schema").fetchall()
    conn.execute("PRAGMA writable_schema = ON")
    for *texts, rowid in rows:
        content = [None if text is None else other_bytes(text) for text in texts]
        put = ", ".join(f"{name} = CAST(? AS TEXT)" for name in ("name", "tbl_name", "sql"))
        conn.execute(f"UPDATE sqlite_schema SET {put} WHERE rowid = ?", (*content, rowid))
    (name,) = {other_bytes(str(one)) for (one,) in conn.execute("SELECT name FROM sqlite_sequence")}
    conn.execute("UPDATE sqlite_sequence SET name = CAST(? AS TEXT)", (name,))
    conn.execute("PRAGMA writable_schema = RESET")


def first(conn: sqlite3.Connection) -> None:
    for statement in FIRST.split(";\n"):
        conn.execute(statement)
    rename_all(conn)


@pytest.fixture(scope="module")
def before() -> Image:
    with closing(sqlite3.connect(":memory:")) as conn:
        first(conn)
        return Image.of_connection(conn)


def stepped(before: Image, script: str) -> tuple[Image, Callable[[sqlite3.Connection], None]]:
    def step(conn: sqlite3.Connection) -> None:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.executescript(script)

    with closing(before.connect()) as conn:
        step(conn)
        return Image.of_connection(conn), step


def test_a_copy_has_all_names_and_rows_and_the_real_names_come_back(before: Image) -> None:
    with closing(before.connect()) as conn, nameable(conn) as shown:
        assert set(list_tables(conn)) == {"p"}
        assert count_rows(shown) == {"p": 2, with_substitutes(TABLE): 3}
        sql = f'SELECT "{with_substitutes(COLUMN)}" FROM "{with_substitutes(VIEW)}"'
        assert shown.execute(sql).fetchall() == [("x",), ("y",), ("z",)]
        assert without_substitutes(stored_text(shown)) == stored_text(conn)
        # A value is no name.
        shown.text_factory = bytes
        assert shown.execute("INSERT INTO p(id) VALUES (3) RETURNING d").fetchall() == [
            (b"v\xffz",)
        ]
        shown.rollback()
    copy = nameable_image(before)
    assert nameable_image(copy) is copy


def test_a_name_that_has_a_substitute_already_is_left_alone() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        first(conn)
        conn.execute(f'CREATE TABLE "{with_substitutes(TABLE)}"(a)')
        conn.commit()
        image = Image.of_connection(conn)
    assert nameable_image(image) is image
    after, step = stepped(image, "DELETE FROM p")
    found = compare_rows(image, after, declarations=NOTHING_DECLARED, rerun=step)
    assert [finding.message for finding in found.findings] == ["p lost 2 of 2 rows"]
    assert found.notes == (
        f"{TABLE}: its name is no UTF-8, so no SQL of Python's can name it, its rows are not"
        " compared",
    )


def test_lost_rows_and_changed_values_are_found_counted_and_declared(before: Image) -> None:
    after, step = stepped(before, f"UPDATE p SET d = 'e' WHERE id = 1; {CASCADE}")
    found = compare_rows(before, after, declarations=NOTHING_DECLARED, rerun=step)
    assert (found.notes, found.lost) == ((), 3)
    lost, changed = (one for one in found.findings if one.table == TABLE)
    assert (lost.message, changed.message) == (
        f"{TABLE} lost 2 of 3 rows",
        f"{TABLE}.{COLUMN} changed in 1 of 3 rows",
    )
    assert lost.evidence == (
        f"gone: id 2, {COLUMN} 'y', p 2",
        f"gone: id 3, {COLUMN} 'z', p 2",
        "where that is meant, declare it:",
        '  DELETES = {"f\\udcffz":',
        '    ("p IN (SELECT id FROM p WHERE d = 2)", "<reason>")}',
    )
    declared = Declarations(
        deletes={"p": Condition("id = 2", "meant"), TABLE: Condition("p = 2", "meant")},
        changes={
            "p.d": Condition("1", "meant"),
            f"{TABLE}.{COLUMN}": Condition(f"{COLUMN} = 'x'", "meant"),
        },
    )
    found = compare_rows(before, after, declarations=declared, rerun=step)
    assert (found.findings, found.lost) == ((), 3)
    assert found.used == set(declared.list_keys())
    broken = replace(declared, deletes={f"{TABLE}.{COLUMN}x": Condition("DROP", "meant")})
    (finding,) = compare_rows(before, after, declarations=broken, rerun=step).findings
    assert finding.message == f"DELETES {TABLE}.{COLUMN}x cannot be read"


def test_rows_that_moved_are_followed_by_a_second_run_on_the_real_names(before: Image) -> None:
    after, step = stepped(before, "CREATE TABLE g AS SELECT * FROM v; DELETE FROM p")
    seen: list[bool] = []

    def rerun(conn: sqlite3.Connection) -> None:
        seen.append(TABLE in {row[1] for row in stored_text(conn)})
        step(conn)

    found = compare_rows(before, after, declarations=NOTHING_DECLARED, rerun=rerun)
    assert [one.message for one in found.findings] == ["p lost 2 of 2 rows"]
    assert seen
    assert all(seen)


@dataclass
class Source:
    """An application with these steps, which keeps each one and its number in one transaction."""

    steps: Sequence[Callable[[sqlite3.Connection], object]]
    path: Path
    name = "app"

    def versions(self) -> Sequence[int]:
        return range(1, len(self.steps) + 1)

    def location(self, _version: int) -> Location:
        return Location(self.path)

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        for number in range(version + 1, to + 1):
            self.rerun(conn, number)

    def rerun(self, conn: sqlite3.Connection, version: int) -> None:
        conn.isolation_level = None
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("BEGIN")
        try:
            self.steps[version - 1](conn)
            conn.execute(f"PRAGMA user_version = {version}")
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise


def run(*statements: str) -> Callable[[sqlite3.Connection], object]:
    return lambda conn: [conn.execute(statement) for statement in statements]


def history(folder: Path, *steps: Callable[[sqlite3.Connection], object]) -> History:
    path = folder / "app.py"
    path.write_text(f"{steps}")
    application = Application(Source(steps, path))
    return History(application, Store(SnapshotFolder(folder / "snapshots"), application), Rules())


def red(history: History, *names: str) -> dict[str, list[str]]:
    checks = [check for check in all_checks() if check.name in names]
    cells = list_cells(history, checks)
    judged = JudgedCells(cells, checks)
    return {
        f"{cell.row}[{cell.check.name}]": [finding.headline for finding in found]
        for cell in cells
        if (found := judged.verdict(cell).findings)
    }


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A folder where two steps are stored and released, the second of which loses rows."""
    list(write_built(build_missing(history(tmp_path, first), rewrite=None)))
    both = history(tmp_path, first, run(CASCADE))
    told = [*write_built(build_missing(both, rewrite=None))]
    assert told[0].endswith(": same schema, 2 rows kept, 3 rows lost, 0 generated")
    lock_file, _ = mark_released(history(tmp_path, *both_steps()), None)
    write_lock_file(both.store.lock_path, lock_file)
    return tmp_path


def both_steps() -> Sequence[Callable[[sqlite3.Connection], object]]:
    return first, run(CASCADE)


def test_data_and_again_see_its_rows(released: Path) -> None:
    assert red(history(released, *both_steps()), "data", "again", "frozen") == {
        "0001[data]": [
            r"step 0002 of app.py: f\xffz lost 2 of 3 rows",
            "step 0002 of app.py: p lost 1 of 2 rows",
        ]
    }
    twice = run("UPDATE p SET d = 'e' WHERE id = 1", "INSERT INTO p SELECT max(id) + 1, 3 FROM p")
    assert "0002[again]" in red(history(released, first, twice), "again")


def test_frozen_sees_its_rows_unless_the_lock_file_was_written_without_them(
    released: Path,
) -> None:
    as_recorded = history(released, *both_steps())
    edited = first, run(CASCADE, "UPDATE p SET d = d WHERE id = 1")
    assert red(as_recorded, "frozen") == {}
    assert [*red(history(released, *edited), "frozen")] == ["0002[frozen]"]
    lock = as_recorded.store.lock_file
    with closing(as_recorded.fresh.image(2).connect()) as conn:
        digests = digest_tables(conn)
        assert set(digests) == {"p", TABLE}
        without = combine_digests({"p": digests["p"]})
    line = lock.versions[2]
    line = line._replace(rows=dict.fromkeys(line.rows, without), marks=False)
    old = lock._replace(versions={**lock.versions, 2: line})
    write_lock_file(as_recorded.store.lock_path, old)
    assert red(history(released, *both_steps()), "frozen") == {}


def test_a_lineage_that_differs_from_another_by_such_a_table_alone_can_be_released(
    tmp_path: Path,
) -> None:
    plain, more = run("CREATE TABLE t(a)"), run("CREATE TABLE u(a)")
    list(write_built(build_missing(history(tmp_path, plain), rewrite=None)))
    content = (tmp_path / "snapshots" / "0001.db").read_bytes()
    with closing(Image(content).connect()) as conn:
        conn.executescript("CREATE TABLE fzz(a); INSERT INTO fzz VALUES (1)")
        made = Image.of_connection(conn).content
    (tmp_path / "snapshots" / "0001+old.db").write_bytes(made.replace(b"fzz", b"f\xffz"))
    list(write_built(build_missing(history(tmp_path, plain, more), rewrite=None)))
    both = history(tmp_path, plain, more)
    assert red(both, "data", "frozen") == {}
    lock_file, told = mark_released(history(tmp_path, plain, more), None)
    assert told
    write_lock_file(both.store.lock_path, lock_file)
    assert red(history(tmp_path, plain, more), "data", "frozen") == {}
