"""What a step did to references: broken by it, rewritten by a RENAME, or read as strings since."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.schema import stored_text
from pytest_pmd_migrations.schema.references.find import check_references
from pytest_pmd_migrations.schema.references.since import Changes, changes_since

BASE = """
CREATE TABLE line(id INTEGER PRIMARY KEY, unit, "box no");
CREATE TABLE kid(a UNIQUE, l INTEGER REFERENCES line(id), FOREIGN KEY (a) REFERENCES kid(a));
CREATE TABLE log(a);
CREATE VIEW units AS SELECT unit, 'line' AS name FROM line;
CREATE TRIGGER follow AFTER INSERT ON log BEGIN UPDATE line SET unit = new.a; END;
CREATE TRIGGER own AFTER INSERT ON line BEGIN DELETE FROM line WHERE id = 1; END;
CREATE INDEX line_unit ON line(unit);
"""
KEPT = "ALTER TABLE line RENAME TO line_old; CREATE TABLE line(id INTEGER PRIMARY KEY, unit)"


def changes(before: str, step: str) -> Changes:
    """What a step changed."""
    seen = []
    with closing(sqlite3.connect(":memory:")) as conn:
        for sql in (before, step):
            conn.executescript(sql)
            with closing(sqlite3.connect(":memory:")) as copy:
                copy.deserialize(conn.serialize())
                seen.append((stored_text(conn), check_references(copy)))
    (text, then), (after, now) = seen
    return changes_since(text, then, after, now)


def test_a_step_that_changes_nothing_breaks_nothing() -> None:
    assert changes(BASE, "") == Changes()
    assert changes(f"{BASE} DROP TABLE line;", "CREATE TABLE more(a)") == Changes()


def test_a_table_that_is_only_renamed_takes_its_references_along() -> None:
    assert changes(BASE, "ALTER TABLE line RENAME TO row") == Changes()


def test_a_renamed_table_that_is_dropped_breaks_what_named_it() -> None:
    found = changes(BASE, f"{KEPT}; DROP TABLE line_old")
    assert [(str(one), one.mend) for one in found.broken] == [
        (
            "table kid has the foreign key (l) to the table line_old, which does not exist",
            "needs a table rebuild",
        ),
        (
            "trigger follow names the table line_old, which does not exist",
            "DROP TRIGGER follow; CREATE TRIGGER follow AFTER INSERT ON log BEGIN UPDATE line SET"
            " unit = new.a; END;",
        ),
        (
            "view units names the table line_old, which does not exist",
            "DROP VIEW units; CREATE VIEW units AS SELECT unit, 'line' AS name FROM line;",
        ),
    ]
    assert found.renamed == (("line", "line_old"),)
    assert found.elsewhere == ()


def test_the_mend_mends() -> None:
    step = f"{KEPT}; DROP TABLE line_old"
    mends = " ".join(one.mend for one in changes(BASE, step).broken if one.kind != "table")
    left = changes(BASE, f"{step}; {mends}").broken
    assert [(one.kind, one.name) for one in left] == [("table", "kid")]


def test_without_a_new_table_of_the_old_name_there_is_no_way_back() -> None:
    found = changes(BASE, "ALTER TABLE line RENAME TO line_old; DROP TABLE line_old")
    assert {one.mend for one in found.broken} == {"", "needs a table rebuild"}
    assert found.renamed == (("line", "line_old"),)


def test_references_that_follow_a_kept_table_are_told_with_both_names() -> None:
    found = changes(BASE, KEPT)
    assert found.broken == ()
    assert [(str(one), old, new) for one, old, new in found.elsewhere] == [
        (
            "table kid has a foreign key to line_old since the RENAME, though there is a table line"
            " again",
            "line",
            "line_old",
        ),
        (
            "trigger follow names line_old since the RENAME, though there is a table line again",
            "line",
            "line_old",
        ),
        (
            "view units names line_old since the RENAME, though there is a table line again",
            "line",
            "line_old",
        ),
    ]


def test_tables_that_change_their_names_lead_nobody_elsewhere() -> None:
    swap = (
        "ALTER TABLE line RENAME TO x; ALTER TABLE log RENAME TO line; ALTER TABLE x RENAME TO log"
    )
    assert changes(BASE, swap) == Changes()


def test_a_view_in_the_place_of_a_renamed_table_leads_nobody_elsewhere() -> None:
    facade = "ALTER TABLE line RENAME TO line_data; CREATE VIEW line AS SELECT * FROM line_data"
    assert changes(BASE, facade) == Changes()


def test_an_object_that_is_written_anew_means_what_it_says() -> None:
    anew = f"{KEPT}; DROP VIEW units; CREATE VIEW units AS SELECT unit, 'line' FROM line_old"
    assert [one.name for one, *_ in changes(BASE, anew).elsewhere] == ["kid", "follow"]


def test_a_child_that_changes_in_the_same_step_is_told_as_well() -> None:
    found = changes(BASE, f"{KEPT}; ALTER TABLE kid ADD COLUMN b REFERENCES log(a)")
    assert [one.name for one, *_ in found.elsewhere] == ["kid", "follow", "units"]


def test_what_was_broken_before_is_not_told_again_under_a_new_name() -> None:
    gone = f"{BASE} DROP TABLE line;"
    assert changes(gone, "ALTER TABLE log ADD COLUMN b") == Changes()
    keys = "CREATE TABLE kid(a, l REFERENCES line(id), m REFERENCES lost);"
    renamed = "ALTER TABLE kid RENAME TO child; CREATE TABLE other(l REFERENCES line(id))"
    assert [one.name for one in changes(keys, renamed).broken] == ["other"]


def test_another_view_that_breaks_while_one_is_mended_is_told() -> None:
    views = "CREATE TABLE t(a); CREATE VIEW v AS SELECT 1 FROM gone; CREATE VIEW w AS SELECT 1;"
    step = (
        "DROP VIEW v; CREATE VIEW v AS SELECT 1; DROP VIEW w; CREATE VIEW w AS SELECT 2 FROM gone"
    )
    assert [str(one) for one in changes(views, step).broken] == [
        "view w names the table gone, which does not exist"
    ]


def test_a_quoted_column_that_is_gone_became_a_string() -> None:
    quoted = (
        'CREATE TABLE t(a, b, c); CREATE VIEW v AS SELECT "b", "text" FROM t;'
        'CREATE INDEX i ON t(a, "b"); CREATE TABLE u(a);'
        'CREATE TRIGGER r AFTER INSERT ON u BEGIN INSERT INTO u SELECT "c" FROM t; END;'
    )
    rebuilt = (
        "CREATE TABLE t2(a); DROP TABLE t; PRAGMA legacy_alter_table = ON;"
        'ALTER TABLE t2 RENAME TO t; CREATE INDEX i ON t(a, "b")'
    )
    assert [str(one) for one in changes(quoted, rebuilt).broken] == [
        "index i names the column b, which does not exist any more: a string now",
        "trigger r names the column c, which does not exist any more: a string now",
        "view v names the column b, which does not exist any more: a string now",
    ]
    assert changes(quoted, "ALTER TABLE t RENAME COLUMN b TO d") == Changes()


def test_a_column_that_is_renamed_below_a_view_can_become_a_string_above_it() -> None:
    """RENAME COLUMN writes the new name where the table is named, not where the view is."""
    views = (
        'CREATE TABLE t(a, "b c"); CREATE VIEW low AS SELECT a, "b c" FROM t;'
        'CREATE VIEW high AS SELECT "b c" FROM low;'
    )
    [found] = changes(views, 'ALTER TABLE t RENAME COLUMN "b c" TO d').broken
    assert str(found) == (
        "view high names the column b c, which does not exist any more: a string now"
    )


def test_a_trigger_on_a_view_does_not_follow_a_renamed_column() -> None:
    view = (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t;"
        "CREATE TRIGGER r INSTEAD OF UPDATE OF a ON v BEGIN UPDATE t SET a = 1; END;"
    )
    [found] = changes(view, "ALTER TABLE t RENAME COLUMN a TO b").broken
    assert str(found) == "trigger r fires on UPDATE OF a, a column that v does not have"


def test_a_string_in_double_quotes_is_no_name_that_was_lost() -> None:
    view = 'CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a FROM t WHERE a = "open";'
    assert changes(view, "ALTER TABLE t DROP COLUMN b") == Changes()
    broken = 'CREATE TABLE t(a); CREATE VIEW v AS SELECT a, "x" FROM t, u;'
    assert changes(broken, "CREATE TABLE u(b)") == Changes()
