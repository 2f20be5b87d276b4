"""The check `schema`: references that are broken in fresh and upgraded databases alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from pytest_pmd_migrations.application import reference_walk
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import MigrationRow, Note, SnapshotRow, Verdict
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey, Declarations
from pytest_pmd_migrations.sources.resolve import resolve_source

from tests.every import for_every
from tests.unit.plugin.built_application import Up, application, lock, store, told, verdict

LINES = (
    "CREATE TABLE item(id INTEGER PRIMARY KEY, unit INTEGER);"
    "CREATE TABLE line(id INTEGER PRIMARY KEY, item INTEGER REFERENCES item(id), unit INTEGER);"
)
FOLLOW = (
    "CREATE TRIGGER follow AFTER UPDATE ON item"
    " BEGIN UPDATE line SET unit = new.unit WHERE item = new.id; END"
)
UNITS = "CREATE VIEW units AS SELECT unit FROM line"
ROWS = "INSERT INTO item VALUES (1, 5); INSERT INTO line VALUES (1, 1, 5)"
ONE = f"{LINES} {FOLLOW}; {UNITS}"
KEEP = (
    "ALTER TABLE line RENAME TO line_old;"
    "CREATE TABLE line(id INTEGER PRIMARY KEY, item INTEGER REFERENCES item(id), unit INTEGER);"
    "INSERT INTO line SELECT * FROM line_old"
)
TWO = f"{KEEP}; DROP TABLE line_old"
THREE = "CREATE TABLE more(a)"


def script(sql: str) -> Up:
    """A step of statements that may hold semicolons."""

    def up(conn: sqlite3.Connection) -> None:
        text = ""
        for part in sql.split(";"):
            text += f"{part};"
            if sqlite3.complete_statement(text):
                conn.execute(text)
                text = ""

    return up


def history(root: Path, steps: Mapping[int, str], **settings: object) -> History:
    return application(root, {version: script(sql) for version, sql in steps.items()}, **settings)


def dangling(version: int, *names: str) -> dict[int, Declarations]:
    keys = {DeclarationKey("DANGLING", name): "released so" for name in names}
    return {version: Declarations(excuses=keys)}


def schema(history: History, row: str) -> Verdict:
    return verdict(history, row, "schema")


TOLD = (
    "0002_step.py leaves 2 broken references\n"
    "  trigger follow names the table line_old, which does not exist\n"
    "    mend:\n"
    "      DROP TRIGGER follow; CREATE TRIGGER follow AFTER UPDATE ON item BEGIN\n"
    "      UPDATE line SET unit = new.unit WHERE item = new.id; END;\n"
    "  view units names the table line_old, which does not exist\n"
    "    mend: DROP VIEW units; CREATE VIEW units AS SELECT unit FROM line;\n"
    "\n"
    "  A RENAME takes every view, trigger and foreign key along. So rename last:\n"
    "  CREATE the new table under another name, copy, DROP the old one, RENAME\n"
    "  the new one.\n"
    "\n"
    "  Mend the step; or where that is meant, declare it in the file of\n"
    "  migration_rows:\n"
    "    [0002.dangling]\n"
    '    "follow" = "<reason>"\n'
    '    "units" = "<reason>"'
)


def test_what_a_renamed_table_took_along_is_told_under_the_step(tmp_path: Path) -> None:
    found = history(tmp_path, {1: ONE, 2: TWO, 3: THREE})
    store(found, "0001", f"{ONE}; {ROWS}")
    assert told(found, "0001", "schema") == TOLD


def test_a_snapshot_of_after_the_step_tells_the_same_thing(tmp_path: Path) -> None:
    found = history(tmp_path, {1: ONE, 2: TWO, 3: THREE})
    store(found, "0001", f"{ONE}; {ROWS}")
    store(found, "0003", f"{ONE}; {TWO}; {THREE}")
    assert told(found, "0003", "schema") == TOLD
    [older], [newer] = schema(found, "0001").findings, schema(found, "0003").findings
    assert older.things == newer.things
    assert len(older.things) == 2
    assert older.version == newer.version == 2


MODULES = {
    TWO: '    DANGLING = {\n        "follow": "<reason>",\n        "units": "<reason>",\n    }',
    f"DROP VIEW units; {TWO}": '    DANGLING = {"follow": "<reason>"}',
}


@for_every("step, declaration", MODULES.items())
def test_a_module_is_told_the_constant_that_it_may_have(
    tmp_path: Path, step: str, declaration: str
) -> None:
    folder = tmp_path / "db"
    folder.mkdir()
    for version, sql in {1: ONE, 2: step}.items():
        text = f"VERSION = {version}\n\n\ndef up(db):\n    db.executescript({sql!r})\n"
        (folder / f"000{version}_step.py").write_text(text)
    found = application(tmp_path, {}, source=resolve_source("db", root=tmp_path))
    store(found, "0001", ONE)
    assert told(found, "0001", "schema").endswith(
        f"\n  Mend the step; or where that is meant, declare it:\n{declaration}"
    )


def test_a_key_to_a_table_that_is_gone_is_told_where_no_row_has_one(tmp_path: Path) -> None:
    parent = "CREATE TABLE p(id INTEGER PRIMARY KEY, a)"
    child = "CREATE TABLE c(p INTEGER REFERENCES p(id), b)"
    step = (
        "ALTER TABLE p RENAME TO p_old; CREATE TABLE p(id INTEGER PRIMARY KEY, a);"
        "INSERT INTO p SELECT * FROM p_old; DROP TABLE p_old"
    )
    found = history(tmp_path, {1: f"{parent}; {child}", 2: step})
    store(found, "0001", f"{parent}; {child}; INSERT INTO p VALUES (1, 2)")
    text = told(found, "0001", "schema")
    assert text.splitlines()[:4] == [
        "0002_step.py leaves 1 broken reference",
        "  table c has the foreign key (p) to the table p_old, which does not exist",
        "    mend: needs a table rebuild",
        "",
    ]
    store(
        found,
        "0001",
        f"{parent}; {child}; INSERT INTO p VALUES (1, 2); INSERT INTO c(p) VALUES (1)",
    )
    again = history(tmp_path, {1: f"{parent}; {child}", 2: step})
    assert told(again, "0001", "schema") == text
    assert told(again, "0001", "data") == ""


def test_what_an_excuse_names_is_used_and_no_finding(tmp_path: Path) -> None:
    found = history(
        tmp_path, {1: ONE, 2: TWO, 3: THREE}, declared=dangling(2, "FOLLOW", "units", "other")
    )
    store(found, "0001", f"{ONE}; {ROWS}")
    store(found, "0002", f"{ONE}; {TWO}")
    for row in ("0001", "0002"):
        answer = schema(found, row)
        assert (answer.findings, answer.notes) == ((), ())
        assert {str(key) for _, key in answer.used} == {"DANGLING FOLLOW", "DANGLING units"}


def test_what_no_excuse_names_is_told_all_the_same(tmp_path: Path) -> None:
    found = history(tmp_path, {1: ONE, 2: TWO}, declared=dangling(2, "follow"))
    store(found, "0001", f"{ONE}; {ROWS}")
    [finding] = schema(found, "0001").findings
    assert finding.headline == "0002_step.py leaves 1 broken reference"
    assert finding.lines[0] == "  view units names the table line_old, which does not exist"


def test_an_excuse_of_another_step_excuses_nothing(tmp_path: Path) -> None:
    found = history(tmp_path, {1: ONE, 2: TWO, 3: THREE}, declared=dangling(3, "follow", "units"))
    store(found, "0001", f"{ONE}; {ROWS}")
    assert told(found, "0001", "schema") == TOLD
    assert schema(found, "0001").used == frozenset()


def test_a_released_step_is_mended_by_the_next_one(tmp_path: Path) -> None:
    mend = f"DROP VIEW units; {UNITS}; DROP TRIGGER follow; {FOLLOW}"
    found = history(tmp_path, {1: ONE, 2: TWO, 3: mend})
    store(found, "0001", f"{ONE}; {ROWS}")
    store(found, "0002", f"{ONE}; {TWO}")
    found = lock(found, released=(1, 2))
    mended = TOLD.replace(
        "  Mend the step; or where that is meant, declare it in the file of\n  migration_rows:\n",
        "  At 0003 nothing of it is broken any more.\n"
        "  0002_step.py is released: mend it in a new migration, and declare it in\n"
        "  the file of migration_rows:\n",
    )
    assert told(found, "0001", "schema") == mended


def test_what_a_step_makes_ahead_of_a_later_one_is_a_note(tmp_path: Path) -> None:
    ahead = "CREATE TABLE bill(payer REFERENCES payer(id)); CREATE VIEW v AS SELECT id FROM payer"
    steps = {1: ahead, 2: "CREATE TABLE payer(id INTEGER PRIMARY KEY)"}
    found = history(tmp_path, steps)
    store(found, "0001", ahead)
    store(found, "0002", f"{ahead}; {steps[2]}")
    key = "table bill has the foreign key (payer) to the table payer, which does not exist"
    view = "view v names the table payer, which does not exist"
    for row in ("0001", "0002"):
        answer = schema(found, row)
        assert answer.findings == ()
        assert answer.notes == tuple(
            Note(MigrationRow(1), f"{one}, until a later step mends it") for one in (key, view)
        )
    never = history(tmp_path, {1: ahead, 2: THREE})
    assert [one.version for one in schema(never, "0001").findings] == [1]


def test_names_that_hold_line_ends_begin_no_line(tmp_path: Path) -> None:
    odd = 'CREATE TABLE t(a); CREATE VIEW "v\n::error::x" AS SELECT a FROM t'
    found = history(tmp_path, {1: odd, 2: "DROP TABLE t"})
    store(found, "0001", odd)
    lines = told(found, "0001", "schema").splitlines()
    assert lines[1] == "  view v\\n::error::x names the table t, which does not exist"
    assert lines[-1] == r'    "v\n::error::x" = "<reason>"'


def test_what_another_step_breaks_is_told_apart(tmp_path: Path) -> None:
    found = history(tmp_path, {1: ONE, 2: TWO, 3: "DROP TABLE item", 4: THREE})
    store(found, "0001", f"{ONE}; {ROWS}")
    two, three = schema(found, "0001").findings
    assert (two.version, three.version) == (2, 3)
    assert three.lines[0] == (
        "  table line has the foreign key (item) to the table item, which does not"
    )


def test_a_reference_that_follows_a_kept_table_is_broken_where_the_rows_went_on(
    tmp_path: Path,
) -> None:
    """Every row of the old table is in the new one of its name: that takes its place."""
    found = history(tmp_path, {1: ONE, 2: KEEP})
    store(found, "0001", f"{ONE}; {ROWS}")
    assert told(found, "0001", "schema").splitlines()[:5] == [
        "0002_step.py leaves 2 broken references",
        "  trigger follow names line_old since the RENAME, though there is a table",
        "    line again",
        "    mend:",
        "      DROP TRIGGER follow; CREATE TRIGGER follow AFTER UPDATE ON item BEGIN",
    ]


def test_a_reference_to_a_table_whose_rows_stayed_behind_is_a_note(tmp_path: Path) -> None:
    """The new table may be another thing: an archive, or a name that was given away."""
    archive = KEEP.partition("INSERT")[0].rstrip("; ")
    found = history(tmp_path, {1: ONE, 2: archive})
    store(found, "0001", f"{ONE}; {ROWS}")
    answer = schema(found, "0001")
    assert answer.findings == ()
    row = MigrationRow(2)
    ending = "since the RENAME, though there is a table line again; where that is meant, DANGLING"
    assert answer.notes == (
        Note(row, f"trigger follow names line_old {ending} says so"),
        Note(row, f"view units names line_old {ending} says so"),
    )
    meant = history(tmp_path, {1: ONE, 2: archive}, declared=dangling(2, "follow", "units"))
    answer = schema(meant, "0001")
    assert (answer.findings, answer.notes, len(answer.used)) == ((), (), 2)


def test_what_is_broken_as_stored_is_a_note_and_no_steps_fault(tmp_path: Path) -> None:
    found = history(tmp_path, {1: "CREATE TABLE IF NOT EXISTS t(a)", 2: THREE})
    store(found, "0000+old", "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM gone")
    answer = schema(found, "0000+old")
    # That the view is there at all is a difference from fresh.
    assert [one.headline for one in answer.findings] == [
        "0000+old upgraded to 0002: 1 difference from fresh 0002"
    ]
    row = SnapshotRow(SnapshotName(0, "old"))
    text = "view v names the table gone, which does not exist, as stored"
    assert answer.notes[0] == Note(row, text)


def test_what_a_step_mends_of_it_is_a_remark(tmp_path: Path) -> None:
    found = history(tmp_path, {1: "CREATE TABLE IF NOT EXISTS t(a); DROP VIEW IF EXISTS v"})
    store(found, "0000+old", "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM gone")
    answer = schema(found, "0000+old")
    assert answer.findings == ()
    row = SnapshotRow(SnapshotName(0, "old"))
    note = Note(row, "view v names the table gone, which does not exist, as stored")
    assert (note in answer.remarks, note in answer.notes) == (True, False)


def test_a_function_of_the_applications_own_is_a_remark(tmp_path: Path) -> None:
    view = "CREATE TABLE t(a); CREATE VIEW v AS SELECT fold(a) FROM t"
    found = history(tmp_path, {1: view, 2: THREE})
    store(found, "0001", view)
    answer = schema(found, "0001")
    assert (answer.findings, answer.notes) == ((), ())
    row = SnapshotRow(SnapshotName(1))
    assert answer.remarks == (Note(row, "view v needs the function fold, which is not there"),)


def test_what_the_settings_ignore_is_not_asked_about(tmp_path: Path) -> None:
    found = history(tmp_path, {1: ONE, 2: TWO}, ignore_patterns=("item", "UNIT*"))
    store(found, "0001", f"{ONE}; {ROWS}")
    assert told(found, "0001", "schema") == ""


def test_a_schema_is_asked_about_once_for_each_text(tmp_path: Path, monkeypatch: object) -> None:
    asked: list[object] = []
    check = reference_walk.check_references

    def counted(copy: sqlite3.Connection) -> object:
        asked.append(copy)
        return check(copy)

    monkeypatch.setattr(reference_walk, "check_references", counted)
    found = history(tmp_path, {1: ONE, 2: "UPDATE item SET unit = 1", 3: THREE})
    store(found, "0001", f"{ONE}; {ROWS}")
    store(found, "0002", f"{ONE}; {ROWS}")
    store(found, "0001+more", f"{ONE}; {ROWS}")
    for row in ("0001", "0002", "0001+more"):
        assert schema(found, row).findings == ()
    assert len(asked) == 2
