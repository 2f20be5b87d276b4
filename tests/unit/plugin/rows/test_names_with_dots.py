"""Columns with a dot in their names are declared in quotes; a name that may mean two is refused."""

from __future__ import annotations

from dataclasses import replace

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, found_at, report

BEFORE = (
    'CREATE TABLE t (id INTEGER PRIMARY KEY, "A.b", "q""x.y"); CREATE TABLE "t.A" (id, b, "c.d");'
    """INSERT INTO t VALUES (1, 'x', 'x'); INSERT INTO "t.A" VALUES (1, 'x', 'x');"""
)


@for_every(
    "step, suggested, other_spellings",
    [
        ("""UPDATE t SET "A.b" = 'y'""", 't."A.b"', ['T."a.B"']),
        ("""UPDATE t SET "q""x.y" = 'y'""", 't."q""x.y"', ['t.q"x.y']),
        ("""UPDATE "t.A" SET b = 'y'""", 't.A."b"', []),
        ("""UPDATE "t.A" SET "c.d" = 'y'""", 't.A."c.d"', ["t.A.c.d"]),
    ],
)
def test_the_spelling_that_is_suggested_is_read(
    step: str, suggested: str, other_spellings: list[str]
) -> None:
    case = Case(BEFORE, step)
    [finding] = report(case).findings
    assert finding.allowed_by is not None
    assert (finding.allowed_by.kind, finding.allowed_by.name) == ("CHANGES", suggested)
    for name in (suggested, *other_spellings):
        assert found_at(replace(case, changes={name: "1"})) == set(), name


def test_a_name_that_may_mean_two_columns_is_refused() -> None:
    case = Case(BEFORE, """UPDATE t SET "A.b" = 'y'""", changes={"t.a.b": "1"})
    [finding] = report(case).findings
    assert finding.message == "CHANGES t.a.b cannot be read"
    said = ("more than one column may be meant; name it so:", 't.a."b"', 't."a.b"')
    assert finding.samples == said


def test_values_are_declared_as_moved_from_a_name_with_a_dot_to_another() -> None:
    step = """ALTER TABLE t ADD COLUMN "n.m"; UPDATE t SET "n.m" = '-' || "A.b" || '----';"""
    case = Case(
        BEFORE.replace("'x'", "'some words'"),
        f'{step} ALTER TABLE t DROP COLUMN "A.b"',
        moves={'t."A.b"': 't."n.m"'},
    )
    assert found_at(case) == set()
    [finding] = report(replace(case, moves={})).findings
    assert finding.allowed_by is not None
    assert (finding.allowed_by.name, *finding.allowed_by.value) == ('t."A.b"', 't."n.m"')
