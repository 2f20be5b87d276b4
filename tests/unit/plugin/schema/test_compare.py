"""What a difference says beside its verdict."""

from __future__ import annotations

from pytest_pmd_migrations.schema import compare
from pytest_pmd_migrations.schema.values import ORDER, Nameless

from tests.unit.plugin.schema.made_schemas import schema


def test_a_view_that_cannot_be_read_on_one_side_is_compared_by_its_select() -> None:
    view = "CREATE VIEW v AS SELECT a FROM t;"
    whole = schema(f"CREATE TABLE t(a); {view}")
    broken = schema(view)
    assert [found.kind for found in compare(broken, whole).differences] == ["table"]
    assert [found.kind for found in compare(whole, broken).differences] == ["table"]
    other = schema("CREATE VIEW v AS SELECT b FROM t;")
    assert [found.part for found in compare(broken, other).differences] == ["SELECT"]


def test_another_select_is_no_order_of_columns() -> None:
    table = "CREATE TABLE t(a, b);"
    one = schema(f"{table} CREATE VIEW v AS SELECT a, b FROM t")
    other = schema(f"{table} CREATE VIEW v AS SELECT b, a FROM t")
    assert [found.part for found in compare(one, other).differences] == ["columns", "SELECT"]


def test_an_order_is_that_of_the_columns_on_both_sides_whatever_their_names() -> None:
    one = schema('CREATE TABLE t("a, b", "", c, gone)')
    other = schema('CREATE TABLE t(new, c, "A, B", "")')
    [found] = [found for found in compare(one, other).differences if found.part == ORDER]
    assert (found.upgraded, found.fresh) == ('"a, b", "", c', 'c, "A, B", ""')


def test_an_order_with_another_letter_case_is_the_same() -> None:
    diff = compare(schema("CREATE TABLE t(a, b)"), schema("CREATE TABLE t(A, b)"))
    assert [found.part for found in diff.differences] == ["name"]


def test_a_column_whose_name_holds_its_tables_is_named_whole() -> None:
    diff = compare(schema('CREATE TABLE t("t.a")'), schema('CREATE TABLE t("T.a")'))
    [found] = diff.differences
    assert (found.object, found.upgraded, found.fresh) == ("t.t.a", "t.a", "T.a")
    assert found.sql == 'ALTER TABLE t RENAME COLUMN "t.a" TO "T.a";'
    assert found.column == "t.a"


def test_only_the_difference_of_a_column_names_a_column() -> None:
    diff = compare(
        schema('CREATE TABLE t(a, "b.c"); CREATE INDEX i ON t(a)'), schema("CREATE TABLE t(a)")
    )
    assert [(found.kind, found.column) for found in diff.differences] == [
        ("column", "b.c"),
        ("index", None),
    ]


def test_checks_and_foreign_keys_on_one_side_say_what_identifies_them() -> None:
    table = "CREATE TABLE t(a REFERENCES p(id) CHECK (a > 0) CHECK (a > 0))"
    diff = compare(schema(table), schema("CREATE TABLE t(a)"))
    assert [(found.object, found.nameless) for found in diff.differences] == [
        ("t: a > 0", Nameless("t", "a > 0")),
        ("t: a > 0 no. 2", Nameless("t", "a > 0 no. 2")),
        ("t(a) -> p(id)", Nameless("t(a)", "p(id)")),
    ]
