"""What the step's own SQL says of the rows it means is the first condition that is tried."""

from __future__ import annotations

from pytest_pmd_migrations.rows import compare_rows
from pytest_pmd_migrations.rows.conditions.of_assignments import find_assignments
from pytest_pmd_migrations.rows.conditions.of_statements import written_conditions
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED

from tests.every import for_every
from tests.unit.plugin.rows.steps import image, stepped, take

TABLE = """
CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT, size INTEGER);
INSERT INTO p VALUES (1, 'a', 5), (2, 'b', -1), (3, 'c', 7), (4, 'a', 6), (5, 'd', NULL),
  (100, 'e', 4), (101, 'f', 4);
CREATE TABLE mail (address TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID;
INSERT INTO mail VALUES ('Eve@x'), ('al@x');
"""
REBUILD = """
CREATE TABLE q (id INTEGER PRIMARY KEY, code TEXT, size INTEGER);
INSERT INTO q SELECT * FROM p WHERE size > 4;
DROP TABLE p;
ALTER TABLE q RENAME TO p
"""
REMADE = """
CREATE TABLE q (id INTEGER PRIMARY KEY, code TEXT, size INTEGER NOT NULL);
INSERT INTO q SELECT id, code, max(coalesce(size, 0), 0) FROM p WHERE id < 6;
INSERT INTO q SELECT * FROM p WHERE id > 5;
DROP TABLE p;
ALTER TABLE q RENAME TO p
"""


def suggested(step: str, *, table: str = TABLE, told: bool = True) -> str:
    """The condition that is suggested for a step, whose statements are told or not."""
    before = image(table)
    [finding] = compare_rows(
        before,
        stepped(before, step),
        declarations=NOTHING_DECLARED,
        rerun=lambda conn: take(step, conn),
        statements=[step] if told else [],
    ).findings
    assert finding.allowed_by is not None
    return finding.allowed_by.value[0]


@for_every(
    "step, condition",
    [
        ("DELETE FROM p WHERE id > 3", "id > 3"),
        ("DELETE FROM p WHERE id\n  BETWEEN 2 AND 4 -- some", "id BETWEEN 2 AND 4"),
        ("DELETE FROM p WHERE size IS NULL", "size IS NULL"),
        ("DELETE FROM P WHERE code IN ('a', 'd') OR size < 0", "code IN ('a', 'd') OR size < 0"),
        ("UPDATE p SET size = size + 1 WHERE id >= 100", "id >= 100"),
        ("UPDATE p SET code = CASE WHEN size = 4 THEN 'g' ELSE code END", "size = 4"),
        ("UPDATE p SET code = CASE size WHEN 4 THEN 'g' ELSE code END", "size = 4"),
        ("UPDATE p SET code = CASE size - 1 WHEN 3 THEN 'g' ELSE code END", "(size - 1) = 3"),
        (
            "UPDATE p SET code = CASE size WHEN 4 THEN"
            " CASE WHEN id < 200 THEN 'g' ELSE code END ELSE code END",
            "size = 4",
        ),
        (REBUILD, "(size > 4) IS NOT TRUE"),
        ("UPDATE p SET code = replace(code, 'a', ',')", "code <> replace(code, 'a', ',')"),
        (
            "UPDATE p SET size = size / 2 * 2 WHERE id > 1",
            "(id > 1) AND size <> (size / 2 * 2)",
        ),
        (
            "SELECT 1; UPDATE OR IGNORE main.p SET id = id, size = substr(size, 1, 1); SELECT 2",
            "size <> substr(size, 1, 1)",
        ),
        (REMADE, "(id < 6) AND size IS NOT max(coalesce(size, 0), 0)"),
        (
            REMADE.replace("max(coalesce(size, 0), 0)", "coalesce(p.size, 0) % 4 AS s"),
            "(id < 6) AND size IS NOT (coalesce(p.size, 0) % 4)",
        ),
        (
            "UPDATE mail SET address = lower(address)",
            "address COLLATE BINARY IS NOT lower(address)",
        ),
    ],
)
def test_the_condition_of_the_statement_is_taken(step: str, condition: str) -> None:
    assert suggested(step) == condition


@for_every(
    "step, condition",
    [
        ("DELETE FROM p WHERE id > 3", "id >= 4"),
        ("DELETE FROM p WHERE id < 3", "id <= 2"),
        ("DELETE FROM p WHERE id BETWEEN 2 AND 5", "id BETWEEN 2 AND 5"),
        ("DELETE FROM p WHERE id IN (1, 4, 101)", "id IN (1, 4, 101)"),
    ],
)
def test_a_range_of_the_key_is_taken_before_a_list_of_keys(step: str, condition: str) -> None:
    ids = "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2), (3), (4), (5),"
    assert suggested(step, table=f"{ids} (100), (101);", told=False) == condition


def test_settings_that_are_deleted_one_by_one_are_named() -> None:
    names = [f"{word}_url" for word in ("bell", "chat", "door", "east", "fork", "gate", "hill")]
    values = ", ".join(f"('{name}', {len(name)})" for name in (*names, "cart_url", "dock_url"))
    table = f"CREATE TABLE p (option TEXT PRIMARY KEY, value); INSERT INTO p VALUES {values};"
    step = "".join(f"DELETE FROM p WHERE option = '{name}';" for name in names)
    listed = ", ".join(f"'{name}'" for name in names)
    assert suggested(step, table=table) == f"option IN ({listed})"
    assert suggested(step, table=table, told=False) == f"option IN ({listed})"


def test_no_condition_is_made_of_what_is_not_written() -> None:
    asked = ["DELETE FROM p WHERE id > ?", "DELETE FROM q WHERE id > 3", "DELETE FROM p WHERE"]
    assert list(written_conditions(asked, "p")) == []
    values = ("?", "q.b FROM q", "random()", "datetime('now')", "CURRENT_DATE", "1 WHERE id = :id")
    set_to = [f"UPDATE p SET a = {value}" for value in values]
    assert find_assignments([*set_to, "UPDATE q SET a = 1", "UPDATE p SET b = 1"], "p", "a") == []


@for_every(
    "new, values, condition",
    [
        ("min(x, 5)", "9, 7, 4", "x > 5"),
        ("min(x, 5)", "9, 7, 8", "x > 5"),
        ("max(x, 50.5)", "9, 7, 8", "x < 50.5"),
        ("max(2, min(x, 5))", "9, 1, 3", "x NOT BETWEEN 2 AND 5"),
        ("CASE WHEN x > 5 THEN 5 ELSE x END", "9, 7, 8", "x > 5"),
        ("iif(x > 5, 5, x)", "9, 7, 8", "x > 5"),
        ("coalesce(x, 3)", "NULL, NULL", "x IS NULL"),
        ("nullif(x, 9)", "9, 9", "x = 9"),
        ("round(x, 1)", "1.25, 2.54", "x <> round(x, 1)"),
        ("5", "9, 7, 8", "x <> 5"),
        ("NULL", "9, 9", "1"),
    ],
)
def test_a_function_that_changed_every_row_stored_says_which_it_changes(
    new: str, values: str, condition: str
) -> None:
    rows = values.replace(", ", "), (")
    table = f"CREATE TABLE p (id INTEGER PRIMARY KEY, x); INSERT INTO p (x) VALUES ({rows});"
    assert suggested(f"UPDATE p SET x = {new}", table=table) == condition
