"""The check `schema`: upgraded equals fresh, and each difference is blamed on its step."""

from __future__ import annotations

import itertools
from pathlib import Path

from pytest_pmd_migrations.checks.model import Note, SnapshotRow
from pytest_pmd_migrations.snapshots.names import SnapshotName

from tests.unit.plugin.built_application import application, store, told, verdict

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "ALTER TABLE notes ADD COLUMN pinned INTEGER"
THREE = "ALTER TABLE notes RENAME TO pages"


def test_an_upgraded_database_that_equals_fresh_passes(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", ONE)
    assert told(history, "0001", "schema") == ""


def test_a_difference_that_was_stored_is_blamed_on_no_step(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", f"{ONE}; CREATE TABLE leftover(a)")
    assert told(history, "0001", "schema") == (
        "0001 upgraded to 0002: 1 difference from fresh 0002\n"
        "  first differs: stored 0001, before any step\n"
        "\n"
        "  only in upgraded   table leftover (1 column)\n"
        "                     mend: DROP TABLE leftover;"
    )
    assert verdict(history, "0001", "schema").findings[0].version == 1


def test_each_difference_is_told_under_the_step_that_made_it(tmp_path: Path) -> None:
    def two(conn: object) -> None:
        conn.execute(TWO)
        if conn.execute("SELECT count(*) FROM notes").fetchone()[0]:
            conn.execute("CREATE INDEX by_pin ON notes(pinned)")

    history = application(tmp_path, {1: ONE, 2: two, 3: "CREATE TABLE tags(a)"})
    store(history, "0001", f"{ONE}; CREATE TABLE leftover(a); INSERT INTO notes VALUES (1, 'x')")
    assert told(history, "0001", "schema") == (
        "0001 upgraded to 0003: 2 differences from fresh 0003\n"
        "  first differs: stored 0001, before any step\n"
        "\n"
        "  only in upgraded   table leftover (1 column)\n"
        "                     mend: DROP TABLE leftover;\n"
        "\n"
        "  first differs: after 0002_step.py\n"
        "\n"
        "  only in upgraded   index by_pin on notes(pinned)\n"
        "                     mend: DROP INDEX by_pin;"
    )


def test_what_two_fresh_databases_differ_in_is_told_as_chance(tmp_path: Path) -> None:
    thrown = itertools.count(7)

    def two(conn: object) -> None:
        conn.execute(f"ALTER TABLE notes ADD COLUMN luck DEFAULT {next(thrown)}")
        conn.execute(f"CREATE TABLE t{next(thrown)}(a)")
        if conn.execute("SELECT count(*) FROM notes").fetchone()[0]:
            conn.execute("CREATE INDEX by_title ON notes(title)")

    history = application(tmp_path, {1: ONE, 2: two})
    store(history, "0001", f"{ONE}; INSERT INTO notes VALUES (1, 'x')")
    [finding] = verdict(history, "0001", "schema", only=True).findings
    assert finding.headline == "0001 upgraded to 0002: 4 differences from fresh 0002"
    assert finding.lines[-4:] == (
        "  Two fresh databases differ in table t8, table t10, column notes.luck, too.",
        "  A step writes a time or a value by chance into its SQL. Let it write what",
        "  is always the same; in CREATE TABLE, DEFAULT CURRENT_TIMESTAMP gives each",
        "  new row its time.",
    )


def test_a_renamed_table_takes_the_blame_for_its_columns_along(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO, 3: THREE})
    store(history, "0001", ONE.replace("title TEXT", "title TEXT NOT NULL"))
    text = told(history, "0001", "schema")
    assert "different          column pages.title" in text
    assert "first differs: stored 0001, before any step" in text
    assert "after 0003" not in text


def test_columns_whose_names_end_alike_after_a_dot_are_not_taken_for_one(tmp_path: Path) -> None:
    def two(conn: object) -> None:
        conn.execute("ALTER TABLE old RENAME TO new")
        if conn.execute("SELECT count(*) FROM new").fetchone()[0]:
            conn.execute('ALTER TABLE new RENAME COLUMN "a.b" TO "c.b"')

    history = application(tmp_path, {1: "CREATE TABLE old(id INTEGER PRIMARY KEY)", 2: two})
    stored = 'CREATE TABLE old(id INTEGER PRIMARY KEY, "a.b" TEXT)'
    store(history, "0001", f"{stored}; INSERT INTO old VALUES (1, 'x')")
    assert told(history, "0001", "schema") == (
        "0001 upgraded to 0002: 1 difference from fresh 0002\n"
        "  first differs: after 0002_step.py\n"
        "\n"
        "  only in upgraded   column new.c.b TEXT\n"
        '                     mend: ALTER TABLE new DROP COLUMN "c.b";'
    )


def test_a_difference_that_went_and_came_back_is_blamed_on_its_return(tmp_path: Path) -> None:
    def three(conn: object) -> None:
        if conn.execute("SELECT count(*) FROM notes").fetchone()[0]:
            conn.execute("CREATE TABLE leftover(a)")

    history = application(tmp_path, {1: ONE, 2: "DROP TABLE IF EXISTS leftover", 3: three})
    store(history, "0001", f"{ONE}; CREATE TABLE leftover(a); INSERT INTO notes VALUES (1, 'x')")
    text = told(history, "0001", "schema")
    assert text.splitlines()[1] == "  first differs: after 0003_step.py"
    assert verdict(history, "0001", "schema").findings[0].version == 1


def test_a_difference_that_is_gone_at_latest_still_fails(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "DROP TABLE IF EXISTS leftover"})
    store(history, "0001", f"{ONE}; CREATE TABLE leftover(a)")
    assert told(history, "0001", "schema") == (
        "stored 0001: 1 difference from fresh 0001\n"
        "  first differs: stored 0001, before any step\n"
        "\n"
        "  only in upgraded   table leftover (1 column)\n"
        "                     mend: DROP TABLE leftover;\n"
        "\n"
        "  At 0002 it equals fresh again."
    )


def test_another_order_of_columns_has_its_own_headline(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    store(history, "0001", "CREATE TABLE notes(title TEXT, id INTEGER PRIMARY KEY)")
    assert told(history, "0001", "schema") == (
        "stored 0001: another order of columns\n"
        "  first differs: stored 0001, before any step\n"
        "\n"
        "  order              columns of notes\n"
        "                       upgraded: title, id\n"
        "                                        ^^\n"
        "                       fresh:    id, title\n"
        "                                 ^^\n"
        "                     mend: needs a table rebuild\n"
        "\n"
        "  INSERT without column names, and SELECT *, see the order. Where the\n"
        '  application has neither: migration_column_order = "ignore"'
    )


def test_another_order_of_columns_can_be_ignored(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE}, column_order="ignore")
    store(history, "0001", "CREATE TABLE notes(title TEXT, id INTEGER PRIMARY KEY)")
    assert told(history, "0001", "schema") == ""


def test_where_the_order_is_ignored_other_differences_are_not(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE}, column_order="ignore")
    store(history, "0001", "CREATE TABLE notes(title INT, id INTEGER PRIMARY KEY)")
    assert told(history, "0001", "schema") == (
        "stored 0001: 1 difference from fresh 0001\n"
        "  first differs: stored 0001, before any step\n"
        "\n"
        "  different          column notes.title\n"
        "                     type    upgraded: INT    fresh: TEXT\n"
        "                     mend: needs a table rebuild"
    )


def test_the_whole_sql_is_kept_for_those_who_ask(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    store(history, "0001", f"{ONE}; CREATE TABLE leftover(a); CREATE INDEX i ON leftover(a)")
    [finding] = verdict(history, "0001", "schema").findings
    assert finding.details == (
        "table leftover",
        "  upgraded:",
        "      CREATE TABLE leftover(a)",
        "  fresh: none",
        "index i",
        "  upgraded:",
        "      CREATE INDEX i ON leftover(a)",
        "  fresh: none",
    )


def test_a_check_that_changed_is_one_difference(tmp_path: Path) -> None:
    history = application(tmp_path, {1: "CREATE TABLE notes(a, CHECK(a IN (1, 2)))"})
    store(history, "0001", "CREATE TABLE notes(a, CHECK(a IN (1, 3)))")
    assert told(history, "0001", "schema").splitlines()[0] == (
        "stored 0001: 1 difference from fresh 0001"
    )


def test_a_variant_need_not_equal_fresh_until_it_does(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "DROP TABLE IF EXISTS leftover", 3: TWO})
    store(history, "0001+grown", f"{ONE}; CREATE TABLE leftover(a)")
    found = verdict(history, "0001+grown", "schema")
    assert found.findings == ()
    row = SnapshotRow(SnapshotName(1, "grown"))
    assert found.remarks == (Note(row, "same schema as fresh from 0002 on"),)


def test_a_variant_that_differs_again_after_it_equalled_fresh_fails(tmp_path: Path) -> None:
    def two(conn: object) -> None:
        if conn.execute("SELECT count(*) FROM notes").fetchone()[0]:
            conn.execute("CREATE TABLE leftover(a)")

    history = application(tmp_path, {1: ONE, 2: two})
    store(history, "0001+odd", f"{ONE}; INSERT INTO notes VALUES (1, 'x')")
    text = told(history, "0001+odd", "schema")
    assert text.splitlines()[:2] == [
        "0001+odd upgraded to 0002: 1 difference from fresh 0002",
        "  first differs: after 0002_step.py",
    ]


def test_a_variant_that_never_equals_fresh_fails(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE.replace("TABLE", "TABLE IF NOT EXISTS")})
    store(history, "0000+u1", f"{ONE}; CREATE TABLE leftover(a)")
    text = told(history, "0000+u1", "schema")
    assert text.splitlines()[0] == "0000+u1 upgraded to 0001: 1 difference from fresh 0001"


def test_what_the_settings_ignore_is_not_compared(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE}, ignore_patterns=("left*",))
    store(history, "0001", f"{ONE}; CREATE TABLE leftover(a)")
    assert told(history, "0001", "schema") == ""


def test_a_versions_label_stands_beside_its_number_in_the_headline(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO})
    history.application.source.label = lambda version: f"9c1f0a{version}"
    store(history, "0001", f"{ONE}; CREATE TABLE leftover(a)")
    lines = told(history, "0001", "schema").splitlines()
    assert lines[0] == "0001 9c1f0a1 upgraded to 0002 9c1f0a2: 1 difference from..."
