"""The condition that a finding suggests holds for exactly the rows that were lost or changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import example, given
from hypothesis import strategies as st
from pytest_pmd_migrations.rows import RowFinding
from pytest_pmd_migrations.rows.conditions.separating import separates
from pytest_pmd_migrations.rows.suggested_declaration import SuggestedDeclaration

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, image, report

NOTES = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE notes (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people(id), title TEXT,
  state TEXT, size, seen TEXT, kept TEXT);
CREATE TABLE tags (note_id INTEGER REFERENCES notes(id), tag TEXT);
INSERT INTO people VALUES (1, 'Ada'), (2, NULL), (3, 'Eve');
INSERT INTO notes VALUES
  (1, 1, 'a', 'new', 3, '2024-01-02', NULL),
  (2, 1, ' b', 'draft: x', -2, '2024-05-06', 'y'),
  (3, 8, 'C ', 'draft: y', 0, '2025-01-01', NULL),
  (4, NULL, '', 'old', 7, NULL, 'y'),
  (5, 2, NULL, 'old', 2.5, '2025-02-02', NULL),
  (6, 9, 'http://x', 'new', 'many', '2025-03-03', NULL),
  (7, 3, 'http://y', 'old', -7, NULL, 'y'),
  (8, NULL, NULL, 'draft: z', 'few', '2024-03-03', NULL),
  (9, 1, '', 'new', 7, '2025-03-03', NULL),
  (10, 2, 'e', 'new', 5, '2024-12-01', 'z');
INSERT INTO tags VALUES (1, 'x'), (1, 'x'), (5, 'y'), (NULL, 'z');
"""


def suggested(step: str, before: str = NOTES) -> dict[str, SuggestedDeclaration]:
    """What the findings of a step suggest, by what each is about."""
    findings: tuple[RowFinding, ...] = report(Case(before, step)).findings
    return {one.allowed_by.name: one.allowed_by for one in findings if one.allowed_by}


@for_every(
    "condition, written",
    [
        ("person_id NOT IN (SELECT id FROM people)", ""),
        ("title IS NULL", ""),
        ("title = ''", ""),
        ("kept IS NOT NULL", ""),
        ("coalesce(title, '') = ''", ""),
        ("title <> trim(title)", ""),
        ("size < 0", ""),
        ("state = 'old'", ""),
        ("state LIKE 'draft%'", "state GLOB 'draft: *'"),
        ("typeof(size) = 'text'", ""),
        ("seen < '2024-12-31'", "seen GLOB '2024-*'"),
        ("id NOT IN (SELECT note_id FROM tags WHERE note_id IS NOT NULL)", ""),
        ("id IN (SELECT note_id FROM tags)", ""),
        ("title LIKE 'http%'", "title GLOB 'http://*'"),
        ("person_id IS NULL", ""),
        ("1", ""),
    ],
)
def test_the_rows_that_a_step_deletes_are_told_by_what_they_have_in_common(
    condition: str, written: str
) -> None:
    found = suggested(f"DELETE FROM notes WHERE {condition}")["notes"]
    assert found.value[0] == (written or condition)


@for_every(
    "change, written",
    [
        ("title = trim(title)", "title <> trim(title)"),
        ("title = upper(title)", "title <> upper(title)"),
        ("size = abs(size) WHERE typeof(size) <> 'text'", "size < 0"),
        ("size = CAST(size AS TEXT)", "typeof(size) <> 'text'"),
        ("state = 'new' WHERE state = 'old'", "state = 'old'"),
        ("state = replace(state, ':', ' -')", "state GLOB 'draft: *'"),
        ("title = substr(title, 1, 1)", "length(title) > 1"),
        ("state = 'lost' WHERE person_id = 8 OR person_id = 9", "person_id NOT IN (SELECT id"),
        ("kept = NULL", "kept IS NOT NULL"),
        ("state = title WHERE title IS NOT NULL", "title IS NOT NULL"),
    ],
)
def test_the_values_that_a_step_changes_are_told_by_what_it_does_to_them(
    change: str, written: str
) -> None:
    [found] = suggested(f"UPDATE notes SET {change}").values()
    assert found.kind == ("DELETES" if change == "kept = NULL" else "CHANGES")
    assert found.value[0].startswith(written)


def test_values_that_a_step_copies_from_another_column_are_told_by_what_they_became() -> None:
    before = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, url TEXT, norm TEXT, seen TEXT);"
        "INSERT INTO t (url, norm, seen) VALUES"
        " ('A ', '', '2025'), ('', '', '1970'), ('b', '', '2024'), ('c', 'c', '1990');"
    )
    for value in ("lower(url)", "url", "upper(trim(url))"):
        found = suggested(f"UPDATE t SET norm = {value}", before)
        assert found["t.norm"].value[0] == f"norm IS NOT {value}"
    found = suggested("UPDATE t SET norm = hex(url) WHERE length(url) > 0", before)
    assert found["t.norm"].value[0] == "url <> ''"


def test_rows_that_went_with_their_parents_are_told_by_the_parents() -> None:
    step = (
        "DELETE FROM tags WHERE note_id IN (SELECT id FROM notes WHERE title IS NULL);"
        "DELETE FROM notes WHERE title IS NULL"
    )
    found = suggested(step)
    assert found["tags"].value[0] == "note_id IN (SELECT id FROM notes WHERE title IS NULL)"
    assert found["notes"].value[0] == "title IS NULL"


def test_duplicates_are_told_by_what_is_alike() -> None:
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); INSERT INTO t (a, b) VALUES"
    found = suggested(
        "DELETE FROM t WHERE id NOT IN (SELECT max(id) FROM t GROUP BY a, b)",
        f"{before} (1, 2), (1, 2), (1, 3), (2, 2), (1, 3), (2, 3)",
    )
    assert found["t"].value[0] == "id NOT IN (SELECT max(id) FROM t GROUP BY a, b)"


def test_what_nothing_separates_is_suggested_for_all_rows() -> None:
    before = "CREATE TABLE t (a); INSERT INTO t VALUES (1), (1), (1);"
    found = suggested("DELETE FROM t WHERE rowid = 2", before)
    assert found["t"].value == ("1", "<reason>")


def test_names_that_are_keywords_are_quoted() -> None:
    before = (
        'CREATE TABLE "order" (id INTEGER PRIMARY KEY, "group" TEXT, "a b" INT);'
        "INSERT INTO \"order\" VALUES (1, 'x ', 1), (2, 'y', 2), (3, NULL, 3), (4, 'z', -4);"
    )
    found = suggested('UPDATE "order" SET "group" = trim("group")', before)
    assert found["order.group"].value[0] == '"group" <> trim("group")'
    found = suggested('DELETE FROM "order" WHERE "a b" < 0', before)
    assert found["order"].value[0] == '"a b" < 0'


def test_a_table_without_rowids_is_told_by_its_key() -> None:
    before = (
        "CREATE TABLE t (a TEXT, b INT, c TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;"
        "INSERT INTO t VALUES ('x', 1, 'keep'), ('x', 2, 'drop'), ('y', 1, 'drop');"
    )
    found = suggested("DELETE FROM t WHERE c = 'drop'", before)
    assert found["t"].value[0] == "c = 'drop'"


cells = st.one_of(
    st.none(), st.integers(-3, 3), st.sampled_from(["", "a", " a", "B", "b ", "x:1", "x:2"])
)


@given(
    rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=7),
    condition=st.sampled_from(
        ["a IS NULL", "a < 0", "a <> trim(a)", "b = 'a'", "a = ''", "b IS NOT NULL", "a >= b"]
    ),
)
@example(rows=[(0, 0), (0, 0), (0, 0), (0, 0), (0, 1), (2, 1)], condition="a >= b")
@example(rows=[(0, None), (" a", None), ("", None)], condition="a <> trim(a)")
def test_whatever_is_lost_the_suggestion_holds_for_exactly_that_or_for_all(
    rows: list[tuple[object, object]], condition: str
) -> None:
    values = ", ".join(f"({_literal(a)}, {_literal(b)})" for a, b in rows)
    before = f"CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); INSERT INTO t (a, b) VALUES {values};"
    for found in suggested(f"DELETE FROM t WHERE {condition}", before).values():
        assert found.rows is not None
        with closing(image(before).connect()) as conn:
            for one in found.rows.conditions:
                assert separates(conn, found.rows, one)
            lost = conn.execute(f"SELECT count(*) FROM t WHERE ({condition})").fetchone()[0]
        # The step's own condition is among those that are tried.
        assert found.value[0] != "1" or lost == len(rows)


def _literal(value: object) -> str:
    with closing(sqlite3.connect(":memory:")) as conn:
        return str(conn.execute("SELECT quote(?)", (value,)).fetchone()[0])
