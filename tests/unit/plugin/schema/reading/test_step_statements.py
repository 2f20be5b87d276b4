"""What the statements of a step say by name: which tables survive it, what a DROP names."""

from __future__ import annotations

from pytest_pmd_migrations.schema.reading.step_statements import (
    StepStatements,
    only_renamed,
    read_statements,
)

from tests.every import for_every


def survivors(step: str, before: str, after: str) -> dict[str, str]:
    found = read_statements([step])
    return found.survivors(frozenset(before.split()), frozenset(after.split()))


@for_every(
    "step, before, after, expected",
    [
        ("ALTER TABLE a RENAME TO b", "a", "b", {"a": "b"}),
        ('alter table main."A" rename to "B b"', "a", "b", {}),
        ("ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME TO c", "a", "c", {"a": "c"}),
        ("ALTER TABLE a RENAME COLUMN x TO y", "a", "a", {"a": "a"}),
        ("CREATE TABLE n(x); DROP TABLE a; ALTER TABLE n RENAME TO a", "a", "a", {"a": "a"}),
        ("ALTER TABLE a RENAME TO o; CREATE TABLE a(x)", "a", "a o", {"a": "a"}),
        (
            "ALTER TABLE a RENAME TO o; ALTER TABLE b RENAME TO a; ALTER TABLE o RENAME TO b",
            "a b",
            "a b",
            {"a": "b", "b": "a"},
        ),
        ("DROP TABLE IF EXISTS a; ALTER TABLE b RENAME TO a", "a b", "a", {"b": "a"}),
        ("CREATE TABLE b AS SELECT * FROM a; DROP TABLE a", "a", "b", {"a": "b"}),
        ("INSERT OR IGNORE INTO b(x) SELECT a.x FROM c JOIN a", "a c", "b c", {"a": "b", "c": "c"}),
        ("REPLACE INTO b SELECT x FROM temp.k, main.a", "k a", "b", {"k": "b"}),
        (
            "WITH w AS (SELECT 1) INSERT INTO b SELECT x FROM main.a, w; DROP TABLE a",
            "a",
            "b",
            {"a": "b"},
        ),
        ("DROP TABLE a; CREATE TABLE b(x)", "a", "b", {}),
        (
            "ALTER TABLE a RENAME TO o; INSERT INTO n SELECT x FROM o; DROP TABLE o;"
            "ALTER TABLE n RENAME TO b; ALTER TABLE b RENAME TO c; INSERT INTO c SELECT 1 FROM j",
            "a",
            "c",
            {"a": "c"},
        ),
        ("INSERT INTO b SELECT x FROM a", "a b", "b", {"b": "b"}),
    ],
)
def test_which_tables_survive(step: str, before: str, after: str, expected: dict[str, str]) -> None:
    assert survivors(step, before, after) == expected


def test_indexes_and_triggers_that_a_drop_names() -> None:
    found = read_statements(
        [
            "DROP INDEX IF EXISTS main.[I i]; -- DROP INDEX none\n drop trigger T",
            "CREATE TRIGGER r AFTER DELETE ON t BEGIN SELECT 1; SELECT 'DROP INDEX x'; END;"
            "DROP INDEX after_it",
            "CREATE TRIGGER s AFTER DELETE ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END",
            "DROP INDEX 'quoted'",
        ]
    )
    assert found.dropped == {
        ("index", "i i"),
        ("trigger", "t"),
        ("index", "after_it"),
        ("index", "quoted"),
    }


@for_every("text", ["", ";", "DROP", "ALTER TABLE", "INSERT INTO", "CREATE TRIGGER;", "'"])
def test_a_text_that_is_no_whole_statement_says_nothing(text: str) -> None:
    assert read_statements([text]) == StepStatements()


def test_no_statement_at_all_is_not_known() -> None:
    assert read_statements([]) == StepStatements(known=False)


@for_every(
    "step, expected",
    [
        ("ALTER TABLE t RENAME TO u", {"t": "u"}),
        ('alter table main."T" rename to [U];', {"t": "u"}),
        ("ALTER TABLE t RENAME TO u; CREATE INDEX i ON v(a)", {"t": "u"}),
        ("ALTER TABLE t RENAME TO u; ALTER TABLE v RENAME TO w", {"t": "u", "v": "w"}),
        ("ALTER TABLE t RENAME COLUMN a TO u", {}),
        ("ALTER TABLE t RENAME TO u; DELETE FROM u", {}),
        ("UPDATE t SET a = 1; ALTER TABLE t RENAME TO u", {}),
        ("ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO v", {}),
        (
            "ALTER TABLE t RENAME TO u;"
            " CREATE TRIGGER r BEFORE INSERT ON v BEGIN DELETE FROM u; END",
            {},
        ),
    ],
)
def test_which_tables_one_statement_renames_and_no_other_names(
    step: str, expected: dict[str, str]
) -> None:
    assert only_renamed([step]) == only_renamed(step.split("; ", 1)) == expected
