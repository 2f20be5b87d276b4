"""The two databases of a comparison are attached: no name in them may mean the other one."""

from __future__ import annotations

from pytest_pmd_migrations.rows.matching.sides import open_sides

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, image, report, stepped

NOTES = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
ROWS = "INSERT INTO t VALUES (1, 'x', 'one'), (2, 'y', 'two');"
UPPER = "UPDATE t SET a = upper(a)"
OBJECTS = {
    "a view reads main": "CREATE VIEW v AS SELECT * FROM main.t;",
    "a view reads a view of main": (
        "CREATE VIEW v AS SELECT * FROM main.t; CREATE VIEW w AS SELECT v.a FROM main.v JOIN t;"
    ),
    "a trigger reads main": (
        "CREATE TABLE log (a); CREATE TRIGGER r AFTER INSERT ON t BEGIN"
        " INSERT INTO log SELECT count(*) FROM main.t; END;"
    ),
    "a trigger stands on main": (
        "CREATE TABLE log (a); CREATE TRIGGER r AFTER DELETE ON main.t BEGIN"
        " DELETE FROM log WHERE a = (SELECT max(a) FROM main.log); END;"
    ),
    "a trigger in the place of an update of a view": (
        "CREATE VIEW v AS SELECT * FROM main.t; CREATE TRIGGER r INSTEAD OF UPDATE ON main.v BEGIN"
        " UPDATE t SET a = new.a WHERE id = (SELECT old.id FROM main.t); END;"
    ),
    "a view with a name like an attached database": 'CREATE VIEW "new" AS SELECT * FROM main.t;',
}


@for_every("objects", OBJECTS.values(), ids=OBJECTS)
def test_texts_that_name_the_database_hinder_no_comparison(objects: str) -> None:
    before = f"{NOTES} {objects} {ROWS}"
    assert report(Case(before, UPPER, changes={"t.a": "1"})).findings == ()
    assert [found.message for found in report(Case(before, UPPER)).findings] == [
        "t.a changed in 2 of 2 rows"
    ]
    renamed = "ALTER TABLE t RENAME COLUMN b TO c"
    assert report(Case(before, f"{UPPER}; {renamed}", changes={"t.a": "1"})).findings == ()


@for_every("name", ["new", "main", "temp", "t other", 'q"uote', "sqlite"])
def test_a_table_may_have_the_name_of_a_database(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    before = (
        (NOTES + ROWS).replace("TABLE t", f"TABLE {quoted}").replace("INTO t", f"INTO {quoted}")
    )
    lost = report(Case(before, f"DELETE FROM {quoted} WHERE id = 2")).findings
    assert [found.message for found in lost] == [f"{name} lost 1 of 2 rows"]
    changed = report(Case(before, f"UPDATE {quoted} SET b = 'three' WHERE id = 2")).findings
    assert [found.message for found in changed] == [f"{name}.b changed in 1 of 2 rows"]
    assert report(Case(before, f"ALTER TABLE {quoted} RENAME TO kept")).findings == ()


def test_a_database_keeps_its_views_where_only_its_rows_are_read() -> None:
    before = image(f"{NOTES} CREATE VIEW v AS SELECT * FROM main.t; {ROWS}")
    with open_sides(before, stepped(before, UPPER)) as (old, new):
        assert [row.values["a"] for row in new.rows("t")] == [("text", b"X"), ("text", b"Y")]
        assert old.conn.execute("SELECT count(*) FROM main.v").fetchone() == (2,)
