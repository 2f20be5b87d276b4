"""A step that makes several of each row of a table is found; one that adds rows is not."""

from __future__ import annotations

from dataclasses import replace

from pytest_pmd_migrations.rows import leave_out_excused
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey, Declarations

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, report
from tests.unit.plugin.rows.test_losses import LOG, rebuilt

TWICE = "SELECT * FROM {0} UNION ALL SELECT * FROM {0}"
ALL = TWICE.format("log")
TAGS = "CREATE TABLE tags(name TEXT, n INTEGER); INSERT INTO tags VALUES ('a', 1), ('b', 2);"
TWINS = f"{LOG} CREATE TABLE old AS SELECT * FROM log;"
PLACES = (
    "CREATE TABLE place(id INTEGER PRIMARY KEY); INSERT INTO place VALUES (1), (2);"
    "CREATE TABLE door(place, name); INSERT INTO door VALUES (1, 'a'), (1, 'b'), (2, 'a'),"
    " (2, 'b'), (2, 'c'); CREATE TABLE visit(place REFERENCES place, day);"
    "INSERT INTO visit VALUES (1, 10), (2, 20), (1, 30);"
)
CODES = "CREATE TABLE code(code TEXT PRIMARY KEY, v); INSERT INTO code VALUES ('a', 1), ('b', 2);"
NUMBERED = (
    "CREATE TABLE song(id INTEGER PRIMARY KEY, name, n);"
    "INSERT INTO song VALUES (1, 'a', 5), (2, 'b', NULL);"
)
PIECES = "CREATE TABLE box(item, pieces); INSERT INTO box VALUES ('a', 2), ('b', 3);"
COUNTED = "SELECT item FROM box, (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3) WHERE i <= pieces"

FOUND = {
    "a copy run twice": Case(TAGS, rebuilt("tags", "name TEXT, n INTEGER", TWICE.format("tags"))),
    "into a table of another name": Case(
        TAGS,
        f"CREATE TABLE label(name TEXT, n INTEGER); INSERT INTO label {TWICE.format('tags')};"
        "DROP TABLE tags",
    ),
    "with another name and columns": Case(
        TAGS,
        f"CREATE TABLE label(a TEXT, b INTEGER); INSERT INTO label {TWICE.format('tags')};"
        "DROP TABLE tags",
    ),
    "with a column that has another name": Case(
        TAGS, rebuilt("tags", "label TEXT, n INTEGER", TWICE.format("tags"))
    ),
    "in place": Case(TAGS, "INSERT INTO tags SELECT * FROM tags"),
    "in place, with a column more": Case(
        TAGS, "ALTER TABLE tags ADD COLUMN k DEFAULT 3; INSERT INTO tags SELECT * FROM tags"
    ),
    "with a new key": Case(
        TAGS,
        rebuilt("tags", "id INTEGER PRIMARY KEY, name, n", "(name, n) " + TWICE.format("tags")),
    ),
    "without the old key": Case(CODES, rebuilt("code", "code TEXT, v", TWICE.format("code"))),
    "with another key": Case(
        CODES,
        rebuilt("code", "id INTEGER PRIMARY KEY, code, v", "(code, v) " + TWICE.format("code")),
    ),
    "in place, numbered by SQLite": Case(
        NUMBERED, "INSERT INTO song(name, n) SELECT name, n FROM song"
    ),
    "numbered anew by the step": Case(
        NUMBERED,
        "ALTER TABLE song ADD COLUMN k; INSERT INTO song SELECT id + 9, name, n, k FROM song",
    ),
    "by a join that is too wide, for some more than for others": Case(
        PLACES,
        rebuilt("visit", "place, day", "SELECT place, day FROM visit JOIN door USING (place)"),
    ),
    "without a column that goes": Case(
        TAGS,
        rebuilt("tags", "n INTEGER", "SELECT n FROM tags UNION ALL SELECT n FROM tags"),
        deletes={"tags.name": "DROP"},
    ),
    "with changes that are declared": Case(
        TAGS,
        rebuilt("tags", "name TEXT, n INTEGER", "SELECT name, n + 1 FROM tags, (VALUES (1), (2))"),
        changes={"tags.n": "1"},
    ),
}
HARMLESS = {
    "a row that looks like another": Case(LOG, "INSERT INTO log SELECT 'a', 1"),
    "rows that all look like those there are": Case(
        TAGS, "INSERT INTO tags VALUES ('a', 1), ('b', 2)"
    ),
    "rows of a twin": Case(TWINS, "INSERT INTO log SELECT * FROM old"),
    "rows of a twin, which go by a value that is expected": Case(
        TAGS + "CREATE TABLE twin AS SELECT name FROM tags; ALTER TABLE tags DROP COLUMN n;",
        "INSERT INTO tags SELECT name FROM twin WHERE (SELECT min(name) FROM tags) = 'a'",
    ),
    "two tables that become one": Case(
        TWINS,
        "CREATE TABLE whole AS SELECT * FROM log UNION ALL SELECT * FROM old;"
        " DROP TABLE log; DROP TABLE old",
    ),
    "rows that differ in a new column": Case(
        TAGS,
        "ALTER TABLE tags ADD COLUMN tongue DEFAULT 'en';"
        " INSERT INTO tags SELECT name, n, 'de' FROM tags",
    ),
    "new rows of a table whose rows are numbered": Case(
        NUMBERED, "INSERT INTO song(name, n) VALUES ('a', 5), ('b', NULL)"
    ),
    "numbered rows of which some are copied": Case(
        NUMBERED,
        "INSERT INTO song(name, n) SELECT name, n FROM song WHERE n;"
        "INSERT INTO song(name) SELECT 'c'",
    ),
    "numbered rows with an entry against each": Case(
        NUMBERED, "INSERT INTO song(name, n) SELECT name, -n FROM song"
    ),
    "numbers alone": Case(
        "CREATE TABLE seat(id INTEGER PRIMARY KEY); INSERT INTO seat VALUES (1), (2);",
        "INSERT INTO seat SELECT id + 2 FROM seat",
    ),
    "a column more of a join": Case(
        PLACES,
        rebuilt("visit", "place, day, name", "SELECT * FROM visit JOIN door USING (place)"),
    ),
    "a number of pieces": Case(
        PIECES, rebuilt("box", "item", COUNTED), deletes={"box.pieces": "DROP"}
    ),
}


@for_every("case", FOUND.values(), ids=FOUND.keys())
def test_each_row_several_times_is_found(case: Case) -> None:
    (found,) = report(case).findings
    name, count = ("visit", 3) if case.before == PLACES else (case.before.split("(")[0][13:], 2)
    assert found.message == f"{name} has each of its {count} rows twice"


@for_every("case", HARMLESS.values(), ids=HARMLESS.keys())
def test_rows_that_are_no_copies_of_their_own_table_are_not(case: Case) -> None:
    assert report(case).findings == ()


def test_what_is_told_of_copies_and_how_a_released_step_is_excused() -> None:
    case = Case(
        "CREATE TABLE t(a); INSERT INTO t VALUES ('x');", f"INSERT INTO t {TWICE.format('t')}"
    )
    (found,) = report(case).findings
    assert (found.message, found.evidence) == (
        "t has its row 3 times",
        ("3 times: a 'x'", "where it is released, declare it:", '  COPIES = {"t": "<reason>"}'),
    )
    key = DeclarationKey("COPIES", "T")
    assert leave_out_excused((found,), Declarations(excuses={key: "so be it"})) == ((), {key})
    two = report(replace(case, before=f"{case.before} INSERT INTO t VALUES ('y');")).findings
    assert [one.message for one in two] == ["t has each of its 2 rows 3 times"]
