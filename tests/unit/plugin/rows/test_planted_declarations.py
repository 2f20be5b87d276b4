"""Declarations allow the losses and changes that they name, and no others."""

from __future__ import annotations

import pytest

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, found_at, keys_of, report

DOCS = """
CREATE TABLE content (hash TEXT PRIMARY KEY, doc TEXT);
INSERT INTO content VALUES ('h1', 'one'), ('h2', 'two'), ('h3', NULL);
CREATE TABLE documents (id INTEGER PRIMARY KEY, hash TEXT, title TEXT);
INSERT INTO documents VALUES (1, 'h1', ' one '), (2, 'h1', 'two');
"""
CONTEXTS = """
CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO sources VALUES (1, 's1'), (2, 's2');
CREATE TABLE contexts (id INTEGER PRIMARY KEY, source_id INTEGER REFERENCES sources(id), word TEXT);
INSERT INTO contexts VALUES (1, 1, 'alpha'), (2, 1, 'alpha'), (3, 2, 'be');
"""
MOVED = {"contexts.word": "sources.words"}
GONE = {"contexts.id": "DROP"}


def moved(first: str, second: str) -> str:
    return (
        "ALTER TABLE sources ADD COLUMN words TEXT;"
        f"UPDATE sources SET words = {first} WHERE id = 1;"
        f"UPDATE sources SET words = {second} WHERE id = 2; DROP TABLE contexts"
    )


TWINS = """
    CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y');
    CREATE TABLE b (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO b VALUES (1, 'x'), (2, 'z');
"""
PAIRS = """
    CREATE TABLE settings (id INTEGER PRIMARY KEY, color TEXT, size INT);
    INSERT INTO settings VALUES (1, 'red', 1), (2, 'blue', 3), (3, 'red', 2);
"""
AS_PAIRS = {"settings.id": "kv.sid", "settings.color": "kv.v", "settings.size": "kv.v"}
KINDS = """
    CREATE TABLE item (id INTEGER PRIMARY KEY, kind TEXT, name TEXT);
    INSERT INTO item VALUES (1, 'book', 'u'), (2, 'film', 'v'), (3, 'book', 'w'), (4, 'film', 'u');
"""
OF_A_KIND = {"item.id": ("book.id", "film.id"), "item.name": ("book.name", "film.name")}
NO_KIND = {"item.kind": "DROP"}


def to_keys_and_values(where: str = "1", *, row: str = "id", kind: str = "") -> str:
    """Return a step that makes pairs of settings, those of some sizes only, or of another row."""
    return (
        f"CREATE TABLE kv (sid, k, v {kind});"
        " INSERT INTO kv SELECT id, 'color', color FROM settings"
        f" UNION ALL SELECT {row}, 'size', size FROM settings WHERE {where}; DROP TABLE settings"
    )


def by_kind(where: str = "1", *, name: str = "name") -> str:
    """Return a step that gives each kind of items a table, of films some, or with another name."""
    return (
        "CREATE TABLE book (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE film (id INTEGER PRIMARY KEY, name TEXT);"
        "INSERT INTO book SELECT id, name FROM item WHERE kind = 'book';"
        f"INSERT INTO film SELECT id, {name} FROM item WHERE kind = 'film' AND {where};"
        "DROP TABLE item"
    )


EXCUSED = {
    "rows, by a sub-query on other tables": Case(
        DOCS,
        "DELETE FROM content WHERE hash NOT IN (SELECT hash FROM documents)",
        deletes={"content": "hash NOT IN (SELECT hash FROM documents)"},
    ),
    "by qualified names": Case(
        DOCS,
        "DELETE FROM content WHERE hash <> 'h1'",
        deletes={"content": "NOT EXISTS (SELECT 1 FROM documents d WHERE d.hash = content.hash)"},
    ),
    "by names in another case": Case(
        DOCS, "DELETE FROM content WHERE hash <> 'h1'", deletes={"CONTENT": "HASH <> 'h1'"}
    ),
    "by a condition that ends in a comment": Case(
        DOCS, "DELETE FROM content WHERE doc IS NULL", deletes={"content": "doc IS NULL -- empty"}
    ),
    "by main.": Case(
        DOCS,
        "DELETE FROM content WHERE hash <> 'h1'",
        deletes={"content": "hash NOT IN (SELECT hash FROM main.documents)"},
    ),
    "by the rowid": Case(
        DOCS, "DELETE FROM content WHERE hash = 'h2'", deletes={"content": "rowid = 2"}
    ),
    "by the state before the step": Case(
        DOCS,
        "DELETE FROM documents; DELETE FROM content WHERE hash <> 'h1'",
        deletes={
            "documents": "1",
            "content": "hash NOT IN (SELECT hash FROM documents)",
        },
    ),
    "a whole table": Case(DOCS, "DROP TABLE documents", deletes={"documents": "DROP"}),
    "a whole table, all its rows by condition": Case(
        DOCS, "DROP TABLE documents", deletes={"documents": "1"}
    ),
    "a whole column": Case(
        DOCS, "ALTER TABLE documents DROP COLUMN title", deletes={"documents.title": "DROP"}
    ),
    "values that become NULL": Case(
        DOCS,
        "UPDATE documents SET title = NULL WHERE title = 'two'",
        deletes={"documents.title": "title = 'two'"},
    ),
    "values that become NULL, and others": Case(
        DOCS,
        "UPDATE documents SET title = nullif(trim(title), 'two')",
        deletes={"documents.title": "id = 2"},
        changes={"documents.title": "id = 1"},
    ),
    "all values of a column that stays": Case(
        DOCS, "UPDATE documents SET title = NULL", deletes={"documents.title": "DROP"}
    ),
    "values of a table without a key": Case(
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, 'y');",
        "CREATE TABLE n (a, b); INSERT INTO n SELECT a, NULL FROM t ORDER BY a DESC;"
        "DROP TABLE t; ALTER TABLE n RENAME TO t",
        deletes={"t.b": "b IS NOT NULL"},
    ),
    "values of a column that goes, by condition": Case(
        DOCS,
        "ALTER TABLE content DROP COLUMN doc",
        deletes={"content.doc": "hash < 'h3'"},
    ),
    "values": Case(
        DOCS,
        "UPDATE documents SET title = trim(title)",
        changes={"documents.title": "title <> trim(title)"},
    ),
    "values of a renamed column": Case(
        DOCS,
        "ALTER TABLE documents RENAME COLUMN title TO name; UPDATE documents SET name = trim(name)",
        changes={"documents.title": "title <> trim(title)"},
    ),
    "values of a renamed table": Case(
        DOCS,
        "ALTER TABLE documents RENAME TO docs; UPDATE docs SET title = trim(title)",
        changes={"documents.title": "title <> trim(title)"},
    ),
    "NULL that gets a value": Case(
        DOCS,
        "UPDATE content SET doc = '' WHERE doc IS NULL",
        changes={"content.doc": "doc IS NULL"},
    ),
    "keys that change": Case(
        DOCS,
        "UPDATE content SET hash = 'x' || hash",
        changes={"content.hash": "1"},
    ),
    "moved as whole values": Case(
        CONTEXTS.replace("(2, 1, 'alpha'), ", ""),
        moved("'alpha'", "'be'"),
        deletes=GONE,
        moves=MOVED,
    ),
    "moved into JSON": Case(
        CONTEXTS,
        moved("""'["alpha", {"alpha": 1}]'""", """'{"w": "be"}'"""),
        deletes=GONE,
        moves=MOVED,
    ),
    "moved into text": Case(
        CONTEXTS.replace("'be'", "'beta'"),
        moved("'alpha, alpha'", "'of beta'"),
        deletes=GONE,
        moves=MOVED,
    ),
    "moved beside the key": Case(
        DOCS,
        "ALTER TABLE documents ADD COLUMN info TEXT;"
        "UPDATE documents SET info = json_object('title', title);"
        "ALTER TABLE documents DROP COLUMN title",
        moves={"documents.title": "documents.info"},
    ),
    "moved numbers into JSON": Case(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b REAL); INSERT INTO t VALUES (1, 7, 1.5);",
        "ALTER TABLE t ADD COLUMN j TEXT; UPDATE t SET j = json_array(a, b);"
        "ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP COLUMN b",
        moves={"t.a": "t.j", "t.b": "t.j"},
    ),
    "moved to keys and values": Case(PAIRS, to_keys_and_values(), moves=AS_PAIRS),
    "moved to keys and texts": Case(PAIRS, to_keys_and_values(kind="TEXT"), moves=AS_PAIRS),
    "moved beside equal values of another table": Case(
        TWINS,
        "INSERT INTO a(n) SELECT n FROM b; DROP TABLE b",
        deletes={"b.id": "DROP"},
        moves={"b.n": "a.n"},
    ),
    "moved to where each value may be once": Case(
        TWINS.replace("n TEXT", "n TEXT UNIQUE"),
        "INSERT OR IGNORE INTO a(n) SELECT n FROM b; DROP TABLE b",
        deletes={"b.id": "DROP"},
        moves={"b.n": "a.n"},
    ),
    "moved to one of several tables": Case(KINDS, by_kind(), deletes=NO_KIND, moves=OF_A_KIND),
}
NOT_EXCUSED = {
    "MOVES to keys and values, one left out": (
        Case(PAIRS, to_keys_and_values("size <> 3"), moves=AS_PAIRS),
        "settings.size",
    ),
    "MOVES to keys and values, of another row": (
        Case(PAIRS, to_keys_and_values(row="4 - id"), moves=AS_PAIRS),
        "settings.size",
    ),
    "MOVES to keys and values, which the keys have by chance": (
        Case(PAIRS, to_keys_and_values("size > 3"), moves=AS_PAIRS),
        "settings.size",
    ),
    "MOVES to one of several tables, a row in none": (
        Case(KINDS, by_kind("id <> 4"), deletes=NO_KIND, moves=OF_A_KIND),
        "item.id item.name",
    ),
    "MOVES to one of several tables, one name for another": (
        Case(KINDS, by_kind(name="'u'"), deletes=NO_KIND, moves=OF_A_KIND),
        "item.name",
    ),
    "MOVES to what rows of another table had": (
        Case(TWINS, "DROP TABLE b", deletes={"b.id": "DROP"}, moves={"b.n": "a.n"}),
        "b.n",
    ),
    "MOVES beside a row of another table, one left out": (
        Case(
            TWINS,
            "CREATE TABLE m (id INTEGER PRIMARY KEY, n TEXT); INSERT INTO m SELECT * FROM a;"
            "INSERT INTO m(n) SELECT n FROM b WHERE id = 2; DROP TABLE a; DROP TABLE b",
            deletes={"b.id": "DROP"},
            moves={"b.n": "m.n"},
        ),
        "b.n",
    ),
    "MOVES to one column twice": (
        Case(
            KINDS,
            by_kind("id <> 4"),
            deletes=NO_KIND,
            moves={name: (*into, into[0].upper()) for name, into in OF_A_KIND.items()},
        ),
        "item.id item.name",
    ),
    "a row beyond the condition": (
        Case(DOCS, "DELETE FROM content", deletes={"content": "hash <> 'h1'"}),
        "content",
    ),
    "NULL is not true": (
        Case(DOCS, "DELETE FROM content WHERE hash = 'h3'", deletes={"content": "doc <> ''"}),
        "content",
    ),
    "DELETES and a changed value": (
        Case(
            DOCS, "UPDATE documents SET title = 'x' WHERE id = 1", deletes={"documents": "id = 1"}
        ),
        "documents.title",
    ),
    "DELETES of a column by condition": (
        Case(
            DOCS, "ALTER TABLE documents DROP COLUMN title", deletes={"documents.title": "id = 1"}
        ),
        "documents.title",
    ),
    "DELETES of a whole column, which lost its rows": (
        Case(DOCS, "DELETE FROM documents", deletes={"documents.title": "DROP"}),
        "documents",
    ),
    "DELETES of a whole column, which stays with other values": (
        Case(DOCS, "UPDATE documents SET title = 'x'", deletes={"documents.title": "DROP"}),
        "documents.title",
    ),
    "CHANGES and a deleted row": (
        Case(DOCS, "DELETE FROM documents WHERE id = 1", changes={"documents.title": "1"}),
        "documents",
    ),
    "CHANGES to NULL": (
        Case(DOCS, "UPDATE documents SET title = NULL", changes={"documents.title": "1"}),
        "documents.title",
    ),
    "values that become NULL beyond the condition": (
        Case(DOCS, "UPDATE documents SET title = NULL", deletes={"documents.title": "id = 1"}),
        "documents.title",
    ),
    "CHANGES of another column": (
        Case(DOCS, "UPDATE documents SET title = 'x'", changes={"documents.hash": "1"}),
        "documents.title",
    ),
    "CHANGES and a dropped column": (
        Case(DOCS, "ALTER TABLE documents DROP COLUMN title", changes={"documents.title": "1"}),
        "documents.title",
    ),
    "CHANGES beyond the condition": (
        Case(
            DOCS,
            "UPDATE documents SET title = 'x'",
            changes={"documents.title": "title <> trim(title)"},
        ),
        "documents.title",
    ),
    "MOVES, one of two equal values": (
        Case(CONTEXTS, moved("""'["alpha"]'""", """'["be"]'"""), deletes=GONE, moves=MOVED),
        "contexts.word",
    ),
    "MOVES into the row of another": (
        Case(
            CONTEXTS, moved("""'["be"]'""", """'["alpha", "alpha"]'"""), deletes=GONE, moves=MOVED
        ),
        "contexts.word",
    ),
    "MOVES, too short for a part of a text": (
        Case(CONTEXTS, moved("'alpha alpha'", "'to be'"), deletes=GONE, moves=MOVED),
        "contexts.word",
    ),
    "MOVES to a column that is not there": (
        Case(CONTEXTS, "DROP TABLE contexts", deletes=GONE, moves=MOVED),
        "contexts.word",
    ),
    "MOVES, cut": (
        Case(CONTEXTS, moved("""'["alph", "alph"]'""", """'["be"]'"""), deletes=GONE, moves=MOVED),
        "contexts.word",
    ),
    "MOVES, a part of a longer number": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); INSERT INTO t VALUES (1, 1234);",
            "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = '[912345]';"
            "ALTER TABLE t DROP COLUMN a",
            moves={"t.a": "t.b"},
        ),
        "t.a",
    ),
}
BROKEN = {
    "wrong SQL": (Case(DOCS, "DELETE FROM content", deletes={"content": "hash ="}), "content"),
    "no such column in it": (
        Case(DOCS, "DELETE FROM content", deletes={"content": "hsh = 1"}),
        "content",
    ),
    "a table of after the step": (
        Case(
            DOCS,
            "CREATE TABLE x (a); DELETE FROM content",
            deletes={"content": "hash NOT IN (SELECT a FROM x)"},
        ),
        "content",
    ),
    "two statements": (
        Case(
            DOCS, "DELETE FROM content", deletes={"content": "1); DELETE FROM content; SELECT (1"}
        ),
        "content",
    ),
    "brackets that close": (
        Case(DOCS, "DELETE FROM content", deletes={"content": "hash = 'h1') OR (1"}),
        "content",
    ),
    "CHANGES of no such column": (
        Case(DOCS, "DELETE FROM content", changes={"content.dock": "1"}),
        "content.dock",
    ),
    "MOVES of no such column": (
        Case(DOCS, "DELETE FROM content", moves={"content.dock": "content.doc"}),
        "content.dock",
    ),
    "an aggregate": (
        Case(DOCS, "DELETE FROM content", deletes={"content": "count(*) > 1"}),
        "content",
    ),
    "a table with a dot in its name": (
        Case(
            'CREATE TABLE "a.b" (c); INSERT INTO "a.b" VALUES (1)',
            'DELETE FROM "a.b"',
            deletes={"a.b": "d ="},
        ),
        "a.b",
    ),
    "a column of such a table": (
        Case(
            'CREATE TABLE "a.b" (c); INSERT INTO "a.b" VALUES (1)',
            'DELETE FROM "a.b"',
            changes={"a.b.d": "1"},
        ),
        "a.b.d",
    ),
}


@for_every("case", EXCUSED.values(), ids=EXCUSED)
def test_declared(case):
    found = report(case)
    assert [finding.message for finding in found.findings] == []
    assert found.used == keys_of(case)


@for_every("case, places", NOT_EXCUSED.values(), ids=NOT_EXCUSED)
def test_not_excused(case, places):
    assert found_at(case) == set(places.split())


@for_every("case, place", BROKEN.values(), ids=BROKEN)
def test_a_broken_declaration_is_the_finding(case, place):
    [finding] = report(case).findings
    assert place in finding.message
    assert finding.message.endswith("cannot be read")
    assert finding.evidence
    table, _, column = place.rpartition(".") if case.changes or case.moves else (place, "", "")
    assert (finding.table, finding.column) == (table, column or None)


@pytest.mark.parametrize("step", ["SELECT 1", "INSERT INTO documents VALUES (9, 'h1', 'new')"])
def test_a_declaration_that_no_row_needed_is_not_used(step):
    declared = Case(
        DOCS,
        step,
        deletes={"content": "1", "documents.title": "DROP"},
        changes={"documents.title": "1"},
        moves={"documents.hash": "content.doc"},
    )
    assert report(declared).used == frozenset()
    assert report(declared).findings == ()
