"""pmd-migrations snapshot tells what became of rows, and stores nothing that is broken."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.plugin.cli.conftest import FIRST, Project

Make = Callable[..., Project]

TWO = "CREATE TABLE t(a); CREATE TABLE u(a);\n"
FULL_TEXT = (
    "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);\n"
    "CREATE VIRTUAL TABLE f USING fts5(t, content='d', content_rowid='id');\n"
    "CREATE TRIGGER d_f AFTER INSERT ON d BEGIN"
    " INSERT INTO f(rowid, t) VALUES (new.id, new.t); END;\n"
)


def test_rows_are_counted_after_the_steps(project: Make) -> None:
    made = project(
        TWO,
        "DELETE FROM t; DROP TABLE u;",
        "INSERT INTO t VALUES ('new'), ('newer'); DELETE FROM t WHERE rowid = 4;",
    )
    code, text = made.run("snapshot")
    assert code == 0, text
    assert [line.partition("same schema, ")[2] for line in text.splitlines()[:3]] == [
        "10 generated",
        "10 rows lost, 5 generated",
        "4 rows kept, 1 row lost, 0 generated",
    ]


def test_declared_losses_are_losses_too(project: Make) -> None:
    made = project(
        TWO,
        settings='migration_rows = "rows.toml"\nmigration_ignore = ["log"]\n',
    )
    made.write("db/sql/0002_step_2.sql", "DELETE FROM t WHERE rowid < 3; DROP TABLE u;")
    made.write("rows.toml", '[0002.deletes]\nt = ["rowid < 3", "old"]\nu = ["DROP", "unused"]\n')
    made.write("db/sql/0003_step_3.sql", "CREATE TABLE log(y); INSERT INTO log VALUES (1), (2);")
    made.write("db/sql/0004_step_4.sql", "DELETE FROM log WHERE y = 1;")
    code, text = made.run("snapshot")
    assert code == 0, text
    assert [line.partition("same schema, ")[2] for line in text.splitlines()[:4]] == [
        "10 generated",
        "3 rows kept, 7 rows lost, 0 generated",
        "3 rows kept, 0 generated",
        "4 rows kept, 1 row lost, 0 generated",
    ]


def test_an_index_that_a_step_breaks_is_not_stored(stored: Make) -> None:
    made = stored(FIRST, 'CREATE INDEX by_state ON notes(title, "state");\n')
    files = made.files()
    made.write("db/sql/0003_step_3.sql", "ALTER TABLE notes ADD COLUMN state INTEGER;\n")
    assert made.run("snapshot") == (
        1,
        "Error: db/sql/0003_step_3.sql:1 leaves a broken database, upgraded from 0002; nothing was"
        " written\n"
        "  integrity_check finds the file broken\n"
        "    row 1 missing from index by_state\n"
        "    row 2 missing from index by_state\n"
        "    row 3 missing from index by_state\n"
        '    the step can build it anew: REINDEX "by_state";\n'
        "Mend the migration: no check would let such a snapshot pass.\n",
    )
    assert made.files() == files
    made.write(
        "db/sql/0003_step_3.sql",
        "ALTER TABLE notes ADD COLUMN state INTEGER; REINDEX by_state;\n",
    )
    assert made.run("snapshot")[0] == 0
    assert made.run("check")[0] == 0


def test_a_full_text_index_that_a_step_forgets_is_not_stored(project: Make) -> None:
    made = project(FULL_TEXT, "UPDATE d SET t = 'other ' || id;\n")
    code, text = made.run("snapshot")
    assert (code, text) == (
        1,
        "Error: db/sql/0002_step_2.sql:1 leaves a broken database, upgraded from 0001; nothing was"
        " written\n"
        "  the full-text index f does not match its content\n"
        "    FTS5's integrity-check: database disk image is malformed\n"
        "    the step can rebuild it:\n"
        "      INSERT INTO f(f) VALUES ('rebuild');\n"
        "Mend the migration: no check would let such a snapshot pass.\n",
    )
    assert not made.snapshots.exists()


LINES = """
CREATE TABLE item(id INTEGER PRIMARY KEY, unit INTEGER);
CREATE TABLE line(id INTEGER PRIMARY KEY, item INTEGER REFERENCES item(id), unit INTEGER);
CREATE TRIGGER follow AFTER UPDATE ON item BEGIN
    UPDATE line SET unit = new.unit WHERE item = new.id;
END;
CREATE VIEW units AS SELECT unit FROM line;
"""
REBUILT = """
ALTER TABLE line RENAME TO line_old;
CREATE TABLE line(id INTEGER PRIMARY KEY, item INTEGER REFERENCES item(id), unit INTEGER);
INSERT INTO line SELECT * FROM line_old;
DROP TABLE line_old;
"""


def test_names_that_a_step_leaves_without_an_object_are_not_stored(stored: Make) -> None:
    made = stored(LINES)
    assert made.run("release")[0] == 0
    files = made.files()
    made.write("db/sql/0002_step_2.sql", REBUILT)
    code, text = made.run("snapshot")
    assert code == 1
    assert text.startswith(
        "Error: 0002_step_2.sql leaves 2 broken references, upgraded from 0001; nothing was"
        " written\n\n"
    )
    assert all(name in text for name in ("follow", "units", "line_old"))
    assert made.files() == files
    settings = (made.path / "pyproject.toml").read_text()
    made.write("pyproject.toml", f'{settings}migration_rows = "rows.toml"\n')
    made.write("rows.toml", '[0002.dangling]\nfollow = "mended in 3"\nunits = "mended in 3"\n')
    assert made.run("snapshot")[0] == 0


def test_before_the_first_release_a_history_is_stored_with_the_names_it_leaves(
    project: Make,
) -> None:
    """Users may have had it for long: it is declared next, and then released."""
    made = project(LINES, REBUILT, "CREATE TABLE more(a);\n")
    code, text = made.run("snapshot")
    assert code == 0, text
    line = "broken   0002_step_2.sql leaves 2 broken references: pytest --migration-matrix"
    assert text.splitlines()[2] == line
    assert text.count("broken ") == 2


def test_a_name_that_the_next_step_makes_is_no_fault(project: Make) -> None:
    made = project(
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT b FROM later;\n", "CREATE TABLE later(b);\n"
    )
    code, text = made.run("snapshot")
    assert (code, "broken" in text) == (0, False)


def test_generated_rows_that_break_the_database_are_not_stored(project: Make) -> None:
    """A full-text index of a view that says something else each time fits no row."""
    made = project(
        "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);\n"
        "CREATE VIEW v AS SELECT id, t || hex(randomblob(8)) AS t FROM d;\n"
        "CREATE VIRTUAL TABLE f USING fts5(t, content='v', content_rowid='id');\n"
    )
    code, text = made.run("snapshot")
    # What FTS5 says of it depends on SQLite's version.
    text = text.replace('fts5: checksum mismatch for table "f"', "database disk image is malformed")
    assert (code, text) == (
        0,
        "built    fresh -> 0001: same schema, 0 generated\n"
        "empty    f: no generated row fits (database disk image is malformed)\n"
        "empty    every table that was: with generated rows the full-text index f does not match"
        " its content\n"
        "         to have rows there, copy 0001.db to 0001+rows.db, insert some and run"
        " pmd-migrations snapshot\n"
        "wrote    0001.db  6 KiB\n"
        "wrote    0001.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0001 sha256:*\n",
    )
