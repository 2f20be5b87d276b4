"""The check data, on whole small applications: which step is blamed, and what is said."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.model import MigrationRow, Note, SnapshotRow, Verdict
from pytest_pmd_migrations.grid.cells import Cell
from pytest_pmd_migrations.grid.judge_cell import judge_cell
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.declared.declarations import (
    NOTHING_DECLARED,
    Condition,
    DeclarationKey,
    Declarations,
)
from pytest_pmd_migrations.sources.protocol import Location

from tests.unit.plugin.built_application import history_of

FIRST = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE info (name, value);"
ROWS = "INSERT INTO t VALUES (1, 'a'), (2, 'b'); INSERT INTO info VALUES ('version', 1);"


@dataclass
class App:
    """An application whose migrations are SQL scripts; each runs in a transaction of its own."""

    scripts: Sequence[str]
    declared: Mapping[int, Declarations] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    name: str = "app"

    def versions(self) -> Sequence[int]:
        return range(1, len(self.scripts) + 1)

    def location(self, version: int) -> Location:
        return Location(Path(f"{version:04d}_step.sql"))

    def declarations(self, version: int) -> Declarations:
        return self.declared.get(version, NOTHING_DECLARED)

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        version = int(conn.execute("PRAGMA user_version").fetchone()[0])
        for number in range(version + 1, to + 1):
            script = self.scripts[number - 1]
            conn.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")


def verdict(
    folder: Path,
    app: App,
    *,
    rows: str = ROWS,
    ignore: tuple[str, ...] = (),
    step_timeout: float = 60.0,
) -> Verdict:
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / "0001.db")) as conn:
        app.upgrade(conn, 1)
        conn.executescript(rows)
    history = history_of(
        app, SnapshotFolder(folder), Rules(ignore_patterns=ignore, step_timeout=step_timeout)
    )
    cell = Cell(history, SnapshotRow(SnapshotName(1)), DATA)
    return judge_cell(Walks(history, [DATA]), cell)


def said(found: Verdict) -> list[str]:
    return [line for finding in found.findings for line in (finding.headline, *finding.lines)]


def test_a_loss_names_the_step_the_row_and_the_declaration(tmp_path):
    app = App([FIRST, "CREATE INDEX i ON t (v)", "DELETE FROM t WHERE id = 2"])
    found = verdict(tmp_path, app)
    assert said(found) == [
        "0003_step.sql: t lost 1 of 2 rows",
        "",
        "    gone: id 2, v 'b'",
        "    where that is meant, declare it in the file of migration_rows:",
        "      [0003.deletes]",
        '      "t" = ["id = 2", "<reason>"]',
    ]
    assert found.findings[0].version == 3
    assert found.findings[0].of_step
    assert found.image is not None


def test_a_sentence_that_is_cut_in_the_headline_is_said_whole_below(tmp_path):
    long = "a_table_whose_name_is_far_too_long_to_fit_into_one_line_of_sixty"
    app = App([f"CREATE TABLE {long} (id INTEGER PRIMARY KEY)", f"DELETE FROM {long}"])
    found = verdict(tmp_path, app, rows=f"INSERT INTO {long} VALUES (1);")
    assert said(found)[:3] == [
        "0002_step.sql: a_table_whose_name_is_far_too_long_to_fit_...",
        f"  {long} lost 1 of",
        "  1 row",
    ]
    # Names are never broken; all else fits.
    assert all(len(line) <= 76 for line in said(found) if long not in line)


def test_every_step_that_loses_something_is_named(tmp_path):
    app = App([FIRST, "DELETE FROM t WHERE id = 1", "UPDATE t SET v = upper(v)"])
    assert [finding.headline for finding in verdict(tmp_path, app).findings] == [
        "0002_step.sql: t lost 1 of 2 rows",
        "0003_step.sql: t.v changed in 1 of 1 row",
    ]


def test_a_declared_loss_passes_and_counts_as_used(tmp_path):
    declared = {2: Declarations(deletes={"t": Condition("id = 2", "meant")})}
    found = verdict(tmp_path, App([FIRST, "DELETE FROM t WHERE id = 2"], declared))
    assert (found.findings, found.used) == ((), frozenset({(2, DeclarationKey("DELETES", "t"))}))


@pytest.mark.parametrize("declared_at", [1, 3])
def test_a_declaration_of_another_step_excuses_nothing(tmp_path, declared_at):
    declared = {declared_at: Declarations(deletes={"t": Condition("1", "meant")})}
    found = verdict(tmp_path, App([FIRST, "DELETE FROM t", "CREATE TABLE u (a)"], declared))
    assert [finding.headline for finding in found.findings] == ["0002_step.sql: t lost 2 of 2 rows"]


def test_new_rows_are_a_remark(tmp_path):
    found = verdict(tmp_path, App([FIRST, "INSERT INTO t VALUES (3, 'c')"]))
    assert (found.findings, found.remarks) == ((), (Note(MigrationRow(2), "t: 1 new row"),))


def test_volatile_columns_may_change_and_their_rows_may_not_go(tmp_path):
    scripts = [FIRST, "UPDATE info SET value = 2", "DELETE FROM info"]
    assert verdict(tmp_path / "plain", App(scripts)).findings[0].headline == (
        "0002_step.sql: info.value changed in 1 of 1 row"
    )
    app = App(scripts, volatile=("info.VALUE",))
    assert [finding.headline for finding in verdict(tmp_path / "volatile", app).findings] == [
        "0003_step.sql: info lost 1 of 1 row"
    ]


def test_ignored_tables_are_left_out(tmp_path):
    app = App([FIRST, "DELETE FROM info; DROP TABLE info"])
    assert verdict(tmp_path, app, ignore=("INF*",)).findings == ()


def test_a_verify_that_raises_is_a_finding(tmp_path):
    def verify(before, after):
        assert before["t"].count == 2
        raise ValueError(f"{after['t'].count} rows are not enough")

    declared = {2: Declarations(verify=verify)}
    found = verdict(tmp_path, App([FIRST, "CREATE TABLE u (a)"], declared))
    assert said(found) == [
        "0002_step.sql: verify(before, after) raised",
        "",
        "    ValueError: 2 rows are not enough",
    ]


def test_a_verify_that_does_not_end_is_a_finding(tmp_path):
    def verify(before, after):
        before.execute(
            "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n)"
            " SELECT count(*) FROM n"
        ).fetchone()

    declared = {2: Declarations(verify=verify)}
    found = verdict(tmp_path, App([FIRST, "CREATE TABLE u (a)"], declared), step_timeout=0.2)
    assert said(found) == [
        "0002_step.sql: verify(before, after) raised",
        "",
        "    makes no progress for 0.2 s",
    ]


def test_verify_cannot_write(tmp_path):
    declared = {2: Declarations(verify=lambda _, after: after.execute("DELETE FROM t"))}
    found = verdict(tmp_path, App([FIRST, "CREATE TABLE u (a)"], declared))
    assert said(found)[-1] == "    OperationalError: attempt to write a readonly database"


POINTING = (
    "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE Posts (id INTEGER PRIMARY KEY, person INTEGER REFERENCES person(id));"
    "CREATE TABLE likes (post INTEGER REFERENCES posts(id), n)"
)
PEOPLE = "INSERT INTO person VALUES (1, 'a'), (2, 'b'); INSERT INTO posts VALUES (1, 1), (2, 2);"


@pytest.mark.parametrize(
    "step",
    [
        # Parents are deleted, and nobody enforces the keys.
        "DELETE FROM person WHERE id = 2",
        # A key is made where rows point at nothing already, in a table that gets another name.
        "CREATE TABLE n (id INTEGER PRIMARY KEY, person INTEGER REFERENCES likes(post));"
        "INSERT INTO n SELECT * FROM posts; DROP TABLE posts; ALTER TABLE n RENAME TO posts;"
        "CREATE UNIQUE INDEX u ON likes(post)",
    ],
)
def test_rows_that_a_released_step_leaves_pointing_at_nothing_can_be_excused(tmp_path, step):
    deletes = {"person": Condition("id = 2", "gone")} if "DELETE" in step else {}
    orphans = DeclarationKey("ORPHANS", "POSTS")
    app = App([POINTING, step], {2: Declarations(deletes=deletes)})
    found = verdict(tmp_path / "without", app, rows=PEOPLE)
    assert [one.declarable[0].kind for one in found.findings] == ["ORPHANS"]
    app.declared[2] = Declarations(deletes=deletes, excuses={orphans: "nobody looked"})
    found = verdict(tmp_path / "with", app, rows=PEOPLE)
    assert found.findings == ()
    assert (2, orphans) in found.used


def test_an_excuse_of_one_table_excuses_no_other(tmp_path):
    orphans = DeclarationKey("ORPHANS", "likes")
    declared = {2: Declarations(excuses={orphans: "nobody looked"})}
    app = App([POINTING, "INSERT INTO posts VALUES (3, 9)"], declared)
    found = verdict(tmp_path, app, rows=PEOPLE)
    assert said(found) == [
        "0002_step.sql: 1 row points from Posts at nothing in person",
        "",
        "    where it is released, declare it in the file of migration_rows:",
        "      [0002.orphans]",
        '      "Posts" = "<reason>"',
    ]
    assert found.used == frozenset()


@pytest.mark.parametrize(
    "step",
    [
        "UPDATE sqlite_sequence SET seq = 2",
        "CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO n SELECT * FROM t;"
        "DROP TABLE t; ALTER TABLE n RENAME TO t",
    ],
)
def test_a_mark_that_a_released_step_sets_back_can_be_excused(tmp_path, step):
    first = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v)"
    rows = "INSERT INTO t VALUES (2, 'b'), (9, 'x'); DELETE FROM t WHERE id = 9;"
    key = DeclarationKey("SEQUENCES", "T")
    assert verdict(tmp_path / "without", App([first, step]), rows=rows).findings
    app = App([first, step], {2: Declarations(excuses={key: "forgotten"})})
    found = verdict(tmp_path / "with", app, rows=rows)
    assert (found.findings, found.used) == ((), {(2, key)})


def test_stored_rows_that_point_at_nothing_are_a_remark(tmp_path):
    app = App(["CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p(id))"])
    found = verdict(tmp_path, app, rows="INSERT INTO c VALUES (9);")
    assert found.findings == ()
    row = SnapshotRow(SnapshotName(1))
    assert found.remarks == (Note(row, "1 row points from c at nothing in p, as stored"),)


def test_a_stored_file_that_is_not_sound_is_found_before_any_step(tmp_path):
    fts = (
        "CREATE TABLE d (id INTEGER PRIMARY KEY, a);"
        "CREATE VIRTUAL TABLE f USING fts5(a, content = 'd', content_rowid = 'id')"
    )
    found = verdict(tmp_path, App([fts]), rows="INSERT INTO d VALUES (1, 'x');")
    assert said(found) == [
        "stored 0001: the full-text index f does not match its con...",
        "  in the stored snapshot 0001, before any step",
        "  the full-text index f does not match its content",
        "",
        "    FTS5's integrity-check: database disk image is malformed",
        "",
        "  Users may have such databases. Mend it in a new migration:",
        "    in the application's own way, after 0001_step.sql: mend what is damaged",
        """    INSERT INTO "f"("f") VALUES ('rebuild');""",
        "  or, where the file alone is spoilt, restore it from version control:",
        f"    git checkout HEAD -- {shown_path(tmp_path / '0001.db')}",
    ]


def test_views_and_triggers_that_name_main_are_read(tmp_path):
    view = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE VIEW w AS SELECT * FROM main.t"
    found = verdict(
        tmp_path, App([view, "UPDATE t SET v = upper(v)"]), rows="INSERT INTO t VALUES (1, 'a')"
    )
    assert [finding.headline for finding in found.findings] == [
        "0002_step.sql: t.v changed in 1 of 1 row"
    ]


def test_temporary_objects_that_a_step_leaves_stand_for_no_table(tmp_path):
    """They live as long as the runner's connection, and their names come before main's."""
    parent = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p(id))"
    steps = [
        f"{FIRST};{parent}",
        "CREATE TEMP TABLE t AS SELECT 9 AS id, 'other' AS v;"
        "CREATE TEMP TABLE c (p REFERENCES nowhere(id)); INSERT INTO temp.c VALUES (7);"
        "CREATE TEMP VIEW info AS SELECT 1 AS name, 2 AS value;"
        "CREATE TEMP TRIGGER r AFTER UPDATE ON main.t BEGIN SELECT 1 FROM main.p; END",
        "UPDATE main.info SET value = 3",
        "DELETE FROM main.t WHERE id = 1",
    ]
    found = verdict(tmp_path, App(steps))
    assert [finding.headline for finding in found.findings] == [
        "0003_step.sql: info.value changed in 1 of 1 row",
        "0004_step.sql: t lost 1 of 2 rows",
    ]


def test_an_index_that_a_step_gives_another_meaning_is_named_with_the_step(tmp_path):
    """A text in double quotes is the column of that name as soon as there is one."""
    steps = [FIRST, 'CREATE INDEX by_state ON t(v, "state")', "ALTER TABLE t ADD COLUMN state"]
    assert said(verdict(tmp_path, App(steps))) == [
        "0003_step.sql: integrity_check finds the file broken",
        "",
        "    row 1 missing from index by_state",
        "    row 2 missing from index by_state",
        '    the step can build it anew: REINDEX "by_state";',
    ]


def test_a_step_that_cannot_be_taken_is_the_cause(tmp_path):
    found = verdict(tmp_path, App([FIRST, "DROP TABLE nowhere"]))
    assert found.findings == ()
    assert found.cause.row == MigrationRow(2)
    assert found.cause.finding.headline == "0002_step.sql failed"


def test_what_one_step_does_to_one_table_is_the_same_thing_whatever_the_numbers(tmp_path):
    losing = [FIRST, "DELETE FROM t WHERE id > 1", "CREATE TABLE u (a)"]
    few, many = "INSERT INTO t VALUES (7, 'x');", "INSERT INTO t VALUES (8, 'y'), (9, 'z');"
    found = [
        verdict(tmp_path / name, App(losing), rows=rows).findings[0]
        for name, rows in (("few", few), ("many", many))
    ]
    assert found[0].headline != found[1].headline
    assert found[0].things == found[1].things == {("0002", "rows lost", "t", "")}


def test_the_step_is_tried_out_through_the_applications_own_runner(tmp_path):
    seen: list[int] = []

    class Watched(App):
        def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
            seen.append(to)
            super().upgrade(conn, to)

    renamed: Callable[[Sequence[str]], App] = Watched
    app = renamed([FIRST, "ALTER TABLE t RENAME TO u; UPDATE u SET v = v || ''"])
    assert verdict(tmp_path, app).findings == ()
    assert seen == [1, 2, 2]
