"""A step that needs rows in a table is red, although generated rows fill each table."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.checks.model import Verdict
from pytest_pmd_migrations.checks.registry import select_checks
from pytest_pmd_migrations.cli.build import build_missing, write_built
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.applied.applied_table import AppliedTable
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey
from pytest_pmd_migrations.sources.heard_file import HeardConnection
from pytest_pmd_migrations.sources.in_python.list_elements import ListElement
from pytest_pmd_migrations.sources.in_python.list_source import NamedList
from pytest_pmd_migrations.sources.protocol import Location

from tests.every import for_every
from tests.fuzz_schemas import history_in, store_in
from tests.unit.plugin.built_application import Notes, history_of, lock

FIRST = """
CREATE TABLE settings(theme TEXT NOT NULL, size INTEGER);
CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT);
CREATE TABLE kind(name TEXT); INSERT INTO kind VALUES ('plain');
CREATE VIEW style AS SELECT theme FROM settings;
"""
FAILS = """
CREATE TABLE note2(id INTEGER PRIMARY KEY, body TEXT, theme TEXT NOT NULL);
INSERT INTO note2 SELECT id, body, (SELECT theme FROM settings) FROM note;
DROP TABLE note;
ALTER TABLE note2 RENAME TO note;
"""
JOINS = """
CREATE TABLE note2(id INTEGER PRIMARY KEY, body TEXT, theme TEXT);
INSERT INTO note2 SELECT id, body, theme FROM note, (SELECT theme FROM style LIMIT 1);
DROP TABLE note;
ALTER TABLE note2 RENAME TO note;
"""
COPES = JOINS.replace("note, (SELECT theme", "note LEFT JOIN (SELECT theme")
SEEDED = FAILS.replace("theme FROM settings", "name FROM kind")
READS = """
VERSION = 2
DESCRIPTION = "Read"

def up(db):
    theme = next(iter(db.query("SELECT theme FROM settings")), None)
    for row in list(db.query("SELECT id FROM note")):
        db.execute("UPDATE note SET body = body || '' WHERE id = ?", [row["id"]])
        theme["theme"]
"""
TAKES_ONE = READS.replace("for row in list", "theme['theme']\n    for row in list")
ALONE = "UPDATE settings SET size = size WHERE (SELECT count(*) FROM settings) > 1;"


PARENTS = """
CREATE TABLE role(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE user(id INTEGER PRIMARY KEY, role_id INTEGER NOT NULL REFERENCES role(id));
CREATE TABLE token(id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(id));
CREATE TABLE visit(id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(id));
"""
NEEDS_USERS = "".join(
    f"""
CREATE TABLE new_{name}(id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(id));
INSERT INTO new_{name} SELECT * FROM {name} WHERE EXISTS (SELECT * FROM user LEFT JOIN role);
DROP TABLE {name};
ALTER TABLE new_{name} RENAME TO {name};
"""
    for name in ("token", "visit")
)


TRIGGER = """
CREATE TABLE a(id INTEGER PRIMARY KEY);
CREATE TABLE b(id INTEGER PRIMARY KEY);
CREATE TABLE x(id INTEGER PRIMARY KEY, title TEXT);
CREATE TRIGGER g AFTER DELETE ON a BEGIN DELETE FROM b; END;
"""
NEEDS_BOTH = """
DELETE FROM x WHERE NOT EXISTS (SELECT 1 FROM a);
DELETE FROM x WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM b);
"""
CHILD = TRIGGER.replace(
    "b(id INTEGER PRIMARY KEY)", "b(id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a)"
)


def judged(folder: Path, second: str, *, first: str = FIRST) -> Verdict:
    """What the check data says of the step from the stored 0001, whose rows are generated."""
    (folder / "sql").mkdir()
    (folder / "sql/0001_first.sql").write_text(first)
    assert store_in(folder, release=True) == []
    suffix = "py" if "def up" in second else "sql"
    (folder / f"sql/0002_step.{suffix}").write_text(second)
    checks = select_checks("data")
    [cell] = [c for c in list_cells(history_in(folder), checks) if c.name.startswith("0001..")]
    return JudgedCells([cell], checks).verdict(cell)


def test_a_step_that_fails_without_a_row_of_settings_is_red(tmp_path: Path) -> None:
    [finding] = judged(tmp_path, FAILS).findings
    assert (finding.headline, *finding.lines) == (
        "0002_step.sql: fails where settings has no row",
        "",
        "    the step to 0002 raised MigrationFailedError: migration 0002 (step)",
        "    failed and was undone: IntegrityError: NOT NULL constraint failed:",
        "    note2.theme in the statement: INSERT INTO note2 SELECT id, body,",
        "    (SELECT theme FROM settings) FROM note;",
        f"      {tmp_path}/sql/0002_step.sql:3",
        "    tried on 0001 without the rows of settings, which were generated: a",
        "    fresh database has none there. Make the step cope with that.",
        "    where users always have some, declare it in the file of migration_rows:",
        "      [0002.needs_rows]",
        '      "settings" = "<reason>"',
    )


@for_every(
    "second, expected",
    [
        (JOINS, ["0002_step.sql: note lost 5 of 5 rows where settings has n..."]),
        (READS, ["0002_step.py: fails where settings has no row"]),
        (TAKES_ONE, []),
        (COPES, []),
        (SEEDED, []),
        (ALONE, []),
    ],
    ids=[
        "a join that loses all",
        "asked in Python",
        "fails on fresh too",
        "copes",
        "seeded by a step",
        "alone",
    ],
)
def test_what_a_step_does_without_rows(
    second: str, expected: Sequence[str], tmp_path: Path
) -> None:
    assert [one.headline for one in judged(tmp_path, second).findings] == expected


def test_a_step_may_say_that_it_needs_rows(tmp_path: Path) -> None:
    said = judged(tmp_path, f"NEEDS_ROWS = {{'Settings': 'made at the first start'}}\n{READS}")
    assert said.findings == ()
    assert said.used == {(2, DeclarationKey("NEEDS_ROWS", "Settings"))}


@for_every(
    "statements",
    [
        # The runner's own table has its rows on a fresh database too.
        ["UPDATE settings SET size = size"],
        ["ALTER TABLE settings RENAME TO options", "ALTER TABLE notes ADD COLUMN at TEXT"],
    ],
)
def test_a_step_that_names_one_table_or_no_row_is_taken_once(
    statements: list[str], tmp_path: Path
) -> None:
    taken: list[str] = []

    def second(conn: sqlite3.Connection) -> None:
        taken.append(second.__name__)
        for sql in statements:
            conn.execute(sql)

    here = Location(Path(__file__))
    first = "CREATE TABLE settings(theme TEXT NOT NULL, size INTEGER); CREATE TABLE notes(t TEXT);"
    elements = [ListElement("first", first, here), ListElement("second", second, here)]
    source = NamedList("app", elements, AppliedTable("done", "name"))
    history = history_of(source, SnapshotFolder(tmp_path / "snapshots"))
    assert list(write_built(build_missing(history, rewrite=None)))
    history = lock(history_of(source, history.store.folder))
    taken.clear()
    checks = select_checks("data")
    [cell] = [c for c in list_cells(history, checks) if c.name.startswith("0001..")]
    assert JudgedCells([cell], checks).verdict(cell).findings == ()
    assert taken == ["second"]


class OnFiles(Notes):
    """A runner that opens a database by its path, as most tools do."""

    opens_heard = True
    connection: type[sqlite3.Connection] = HeardConnection

    def upgrade_file(self, path: Path, to: int) -> None:
        opened = sqlite3.connect(path, isolation_level=None, factory=self.connection)
        with closing(opened) as conn:
            self.upgrade(conn, to)


class Unheard(OnFiles):
    """The same, whose statements nobody can record."""

    opens_heard = False
    connection = sqlite3.Connection


@pytest.mark.parametrize("runner", [OnFiles, Unheard])
def test_a_runner_that_opens_files_is_asked_too(runner: type[OnFiles], tmp_path: Path) -> None:
    source = runner(tmp_path / "app", {1: FIRST, 2: FAILS})
    history = history_of(source, SnapshotFolder(tmp_path / "snapshots"))
    assert list(write_built(build_missing(history, rewrite=None)))
    history = lock(history_of(source, history.store.folder))
    checks = select_checks("data")
    [cell] = [c for c in list_cells(history, checks) if c.name.startswith("0001..")]
    [finding] = JudgedCells([cell], checks).verdict(cell).findings
    assert finding.headline == "0002_step.py: fails where settings has no row"


def test_where_a_parent_is_emptied_with_its_child_the_child_is_named_for_each_table_that_loses(
    tmp_path: Path,
) -> None:
    findings = judged(tmp_path, NEEDS_USERS, first=PARENTS).findings
    assert [finding.headline for finding in findings] == [
        "0002_step.sql: token lost 5 of 5 rows where user has no row",
        "0002_step.sql: visit lost 5 of 5 rows where user has no row",
    ]
    assert len({finding.things for finding in findings}) == len(findings)


@for_every("first", [TRIGGER, CHILD], ids=["by a trigger", "with its parent"])
def test_what_a_parent_loses_that_its_child_does_not_is_told_of_the_parent(
    tmp_path: Path, first: str
) -> None:
    findings = judged(tmp_path, NEEDS_BOTH, first=first).findings
    assert [finding.headline for finding in findings] == [
        "0002_step.sql: x lost 5 of 5 rows where a has no row",
        "0002_step.sql: x lost 1 of 5 rows where b has no row",
    ]
