"""How many rows a step takes out of a database: matched as the check data does, never guessed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.lost_rows import count_lost_rows
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.sources.declared.declarations import Condition, Declarations

from tests.every import for_every
from tests.unit.plugin.built_application import Repeatable, application
from tests.unit.plugin.rows.steps import image, stepped

TWO = "CREATE TABLE t (a); CREATE TABLE u (a); "
ROWS = "INSERT INTO t VALUES (1), (2), (3); INSERT INTO u VALUES (7), (8);"
KEYED = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y');"
TAGS = (
    "CREATE TABLE t (tag TEXT PRIMARY KEY, n) WITHOUT ROWID;"
    " INSERT INTO t VALUES ('A', 1), ('b', 2);"
)
PARENT = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE u (t INTEGER REFERENCES t(id),"
    " b TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y'); INSERT INTO u VALUES (1, 'p'), (2, 'q');"
)
STEPS = {
    "all deleted, a table dropped": (TWO + ROWS, "DELETE FROM t; DROP TABLE u", 5),
    "some deleted": (TWO + ROWS, "DELETE FROM t WHERE a > 1", 2),
    "as many come as go": (KEYED, "DELETE FROM t; INSERT INTO t VALUES (8, 'm'), (9, 'n')", 2),
    "nothing": (TWO + ROWS, "CREATE TABLE v (a)", 0),
    "a rebuild": (
        KEYED,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a, b); INSERT INTO n(id, a) SELECT * FROM t;"
        " DROP TABLE t; ALTER TABLE n RENAME TO t",
        0,
    ),
    "renamed": (KEYED, "ALTER TABLE t RENAME TO u", 0),
    "values changed": (KEYED, "UPDATE t SET a = upper(a)", 0),
    "rows move to another table": (
        TWO + ROWS,
        "CREATE TABLE old AS SELECT a FROM t WHERE rowid = 2; DELETE FROM t WHERE rowid = 2",
        0,
    ),
    "a table folded into its parent": (
        PARENT,
        "ALTER TABLE t ADD COLUMN b TEXT;"
        " UPDATE t SET b = (SELECT b FROM u WHERE u.t = t.id); DROP TABLE u",
        0,
    ),
    "another key without a rowid": (TAGS, "UPDATE t SET tag = lower(tag)", 1),
}


class Keeping(Repeatable):
    bookkeeping = ("u",)


def lost(tmp_path: Path, before: str, step: str, declared: Declarations | None = None) -> int:
    history = application(tmp_path, {1: before, 2: step}, declared={2: declared or Declarations()})
    old = stepped(image(before), "PRAGMA user_version = 1")
    return counted(history, old, f"{step}; PRAGMA user_version = 2")


def counted(history: History, before: Image, step: str) -> int:
    """The rows that are lost by a step to version 2, whose statements are not told."""
    after = stepped(before, step)
    with closing(after.connect()) as conn:
        return count_lost_rows(history, before, Step(2, before, after, conn))


@for_every("before, step, count", STEPS.values(), ids=STEPS)
def test_rows_that_go_are_counted(tmp_path: Path, before: str, step: str, count: int) -> None:
    assert lost(tmp_path, before, step) == count


def test_what_is_declared_is_lost_all_the_same_and_helps_to_find_what_is_not(
    tmp_path: Path,
) -> None:
    deleted = Declarations(deletes={"t": Condition("a > 1", "old"), "u": Condition("DROP", "old")})
    assert lost(tmp_path, TWO + ROWS, "DELETE FROM t WHERE a > 2; DROP TABLE u", deleted) == 3
    changed = Declarations(changes={"t.tag": Condition("1", "case")})
    assert lost(tmp_path, TAGS, "UPDATE t SET tag = lower(tag)", changed) == 0


def test_a_declaration_that_cannot_be_read_makes_no_count_false(tmp_path: Path) -> None:
    unreadable = Declarations(deletes={"t": Condition("nowhere > 1", "old")})
    assert lost(tmp_path, TWO + ROWS, "DELETE FROM t WHERE a > 2", unreadable) == 1


def test_verify_is_not_asked(tmp_path: Path) -> None:
    def verify(_before: object, _after: object) -> None:
        raise AssertionError

    assert lost(tmp_path, KEYED, "DELETE FROM t", Declarations(verify=verify)) == 2


def test_rows_of_ignored_tables_are_counted_only(tmp_path: Path) -> None:
    history = application(tmp_path, {1: TWO, 2: "DELETE FROM u"}, ignore_patterns=("u",))
    before = image(TWO + ROWS)
    assert counted(history, before, "DELETE FROM u") == 2
    assert counted(history, before, "INSERT INTO u VALUES (1)") == 0
    # What its runner keeps of its own is none of the application's rows.
    keeping = Keeping(tmp_path / "keeping", {1: TWO, 2: "DELETE FROM u"})
    history = application(tmp_path, {}, source=keeping, ignore_patterns=("u", "t"))
    assert counted(history, before, "DELETE FROM u") == 0
