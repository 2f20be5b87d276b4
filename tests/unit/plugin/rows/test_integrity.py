"""Is a file sound: SQLite's own checks, with what was wrong before left out."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import (
    Damages,
    Strays,
    count_rows,
    find_damage,
    find_strays,
    stray_findings,
)

from tests.unit.plugin.rows.steps import image


def unsound(after, before=None):
    """Check a database against the one it was before, if any."""
    strays, damages = Strays(), Damages()
    if before is not None:
        strays, damages = looked_at(before)
    now, damaged = looked_at(after)
    return [*damaged.since(damages).findings(), *stray_findings(now.since(strays))]


def looked_at(database):
    with closing(database.connect()) as conn:
        strays = find_strays(conn)
        return strays, find_damage(conn, database, strays=strays)


ORPHANS = """
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));
INSERT INTO c VALUES (1, 8), (2, 9);
"""
MISMATCH = "CREATE TABLE p (a); CREATE TABLE c (p REFERENCES p(a)); INSERT INTO c VALUES (1);"


def messages(after: Image, before: Image | None = None) -> list[str]:
    return [finding.message for finding in unsound(after, before)]


def test_a_sound_file_has_no_findings():
    assert messages(image("CREATE TABLE t (a); INSERT INTO t VALUES (1);")) == []


def test_a_broken_page_is_found():
    sound = image("CREATE TABLE t (a); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1), (2);")
    size = 1024
    broken = Image(
        sound.content[:size] + b"\x0d" + b"\xff" * (size - 1) + sound.content[2 * size :]
    )
    [finding] = unsound(broken)
    assert finding.message == "integrity_check finds the file broken"
    assert finding.evidence
    assert all(len(line) <= 70 for line in finding.evidence)


def test_an_index_that_lacks_a_row_is_found():
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE t (a); INSERT INTO t VALUES (1);"
            "PRAGMA writable_schema = ON;"
            "CREATE TABLE e (a); INSERT INTO sqlite_schema SELECT 'index', 'i', 't', 0, '' WHERE 0;"
            "CREATE INDEX i ON t (a) WHERE a > 5;"
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (a)' WHERE name = 'i';"
            "PRAGMA writable_schema = RESET;"
        )
        conn.commit()
        found = unsound(Image.of_connection(conn))
    [(*lines, mend)] = [finding.evidence for finding in found]
    # Which of the two comes first depends on SQLite's version.
    assert sorted(lines) == ["row 1 missing from index i", "wrong # of entries in index i"]
    assert mend == 'the step can build it anew: REINDEX "i";'


def test_rows_that_point_at_nothing_are_counted():
    assert messages(image(ORPHANS)) == ["2 rows point from c at nothing in p"]
    assert messages(image(ORPHANS), image(ORPHANS)) == []
    more = image(ORPHANS + "INSERT INTO c VALUES (3, 7);")
    assert messages(more, image(ORPHANS)) == ["1 row points from c at nothing in p"]


def test_a_new_name_brings_no_more_than_was_wrong_under_the_old_one():
    more = image(ORPHANS + "INSERT INTO c VALUES (3, 7); ALTER TABLE c RENAME TO d;")
    assert messages(more, image(ORPHANS)) == ["1 row points from d at nothing in p"]


def test_what_was_mended_in_one_table_excuses_nothing_in_a_new_one():
    mended = image(
        ORPHANS
        + "DELETE FROM c WHERE id = 1;"
        + "CREATE TABLE d (p INTEGER REFERENCES p(id)); INSERT INTO d VALUES (9);"
    )
    assert messages(mended, image(ORPHANS)) == ["1 row points from d at nothing in p"]


def test_keys_that_name_no_unique_parent_are_left_to_the_check_of_the_schema():
    assert messages(image(MISMATCH)) == []
    assert messages(image(MISMATCH), image(MISMATCH)) == []


def test_a_key_without_a_unique_parent_hides_no_row_of_another_table():
    beside = "CREATE TABLE q (id INTEGER PRIMARY KEY); CREATE TABLE d (q REFERENCES q(id));"
    found = messages(image(f"{MISMATCH} {beside} INSERT INTO d VALUES (3), (NULL);"))
    assert found == ["1 row points from d at nothing in q"]


def test_a_key_to_a_table_that_does_not_exist_makes_no_row_point_at_nothing():
    renamed = image(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p(id));"
        "CREATE TABLE d (p REFERENCES P(id)); INSERT INTO p VALUES (1);"
        "INSERT INTO c VALUES (1); INSERT INTO d VALUES (2); ALTER TABLE p RENAME TO p_old;"
        "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p SELECT * FROM p_old;"
        "DROP TABLE p_old;"
    )
    assert messages(renamed) == []


def test_a_full_text_index_of_a_broken_kind_is_found():
    broken = image("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x');")
    with closing(broken.connect()) as conn:
        conn.execute("DELETE FROM f_data")
        conn.commit()
        found = unsound(Image.of_connection(conn))
    assert [finding.message for finding in found] == [
        "the full-text index f does not match its content"
    ]


def test_a_full_text_index_without_its_content_is_left_to_the_check_of_the_schema():
    renamed = image(
        "CREATE TABLE d (t); CREATE VIRTUAL TABLE f USING fts5(t, content = 'd');"
        "INSERT INTO d VALUES ('x'); INSERT INTO f(f) VALUES ('rebuild');"
        "ALTER TABLE d RENAME TO e; CREATE TABLE k (t);"
        "CREATE VIRTUAL TABLE g USING fts5(t, content = 'k'); INSERT INTO k VALUES ('y');"
        "CREATE VIRTUAL TABLE h USING fts4(t, content='k');"
        "CREATE VIRTUAL TABLE i USING fts4(t, content=''); INSERT INTO i(rowid, t) VALUES (9, 1);"
        "CREATE VIRTUAL TABLE j USING fts3(t); INSERT INTO j VALUES ('x');"
        "CREATE VIRTUAL TABLE l USING fts4(t, content='k', notindexed=t);"
    )
    assert messages(renamed) == [
        "the full-text index g does not match its content",
        "the full-text index h does not match its content",
    ]


def test_rows_are_counted_by_table():
    counted = image(
        "CREATE TABLE t (a); INSERT INTO t VALUES (1), (NULL);"
        "CREATE VIRTUAL TABLE f USING fts5(a, content = ''); INSERT INTO f VALUES ('x');"
    )
    with closing(counted.connect()) as conn:
        assert count_rows(conn) == {"t": 2, "f": 1}
