"""What is checked again after a step finds what a check of the whole database finds."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.rows import Integrity, check_integrity

from tests.every import for_every
from tests.unit.plugin.pages.laid_out import laid_out
from tests.unit.plugin.rows.steps import Action, image, stepped

BEFORE = """
PRAGMA foreign_keys = OFF;
CREATE TABLE parent(id INTEGER PRIMARY KEY, code TEXT UNIQUE);
CREATE TABLE child(id INTEGER PRIMARY KEY, parent REFERENCES parent, code REFERENCES parent(code));
CREATE TABLE apart(a, b NOT NULL CHECK (b <> 'bad'));
CREATE INDEX apart_a ON apart(a);
CREATE VIRTUAL TABLE f USING fts5(body);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90)
INSERT INTO parent SELECT i, 'code' || i FROM n;
INSERT INTO child SELECT id, id, code FROM parent;
INSERT INTO child VALUES (200, 777, NULL);
INSERT INTO apart SELECT code, id FROM parent;
INSERT INTO f SELECT code FROM parent;
"""
SCHEMA = "PRAGMA writable_schema = ON;"
STEPS: dict[str, str | Action] = {
    "nothing": "",
    "a row": "INSERT INTO apart VALUES (1, 2)",
    "a table": "CREATE TABLE t(a)",
    "a parent less": "DELETE FROM parent WHERE id = 5",
    "a child more": "INSERT INTO child VALUES (201, 888, 'no code')",
    "a child mended": "DELETE FROM child WHERE id = 200",
    "a parent's code": "UPDATE parent SET code = 'other' WHERE id = 3",
    "a parent dropped": "DROP TABLE parent",
    "a key that fits no parent": f"{SCHEMA} UPDATE sqlite_schema SET sql ="
    " replace(sql, 'code TEXT UNIQUE', 'code TEXT       ') WHERE name = 'parent';"
    " DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_parent_1'",
    "an index of other values": f"{SCHEMA} UPDATE sqlite_schema SET sql ="
    " 'CREATE INDEX apart_a ON apart(b)' WHERE name = 'apart_a'",
    "a check that does not hold": f"{SCHEMA} UPDATE sqlite_schema SET sql ="
    " replace(sql, 'bad', '7') WHERE name = 'apart'",
    "pages that nobody has": f"{SCHEMA} DELETE FROM sqlite_schema WHERE tbl_name = 'apart'",
    "two tables in one tree": f"{SCHEMA} UPDATE sqlite_schema SET rootpage ="
    " (SELECT rootpage FROM sqlite_schema WHERE name = 'child') WHERE name = 'parent'",
    "a full-text index of other texts": "DELETE FROM f_content WHERE id = 1",
    "free pages": "DELETE FROM child; DROP TABLE apart",
    "packed": "VACUUM",
}


@for_every("step", STEPS.values(), ids=STEPS.keys())
def test_the_same_is_found_as_in_the_whole_database(step: str | Action) -> None:
    before = image(BEFORE, page_size=512)
    after = stepped(before, step)
    then = laid_out(before)
    now = laid_out(after, then)
    with closing(before.connect()) as old, closing(after.connect()) as new:
        known = check_integrity(old, before, then, None)
        whole = check_integrity(new, after, now, None)
        assert check_integrity(new, after, now, known) == whole
        # What was damaged or unknown before is looked at whole.
        assert check_integrity(new, after, now, whole) == whole
        assert check_integrity(new, after, None, known) == Integrity(
            whole.strays, whole.damage, None
        )
