"""Rows that changed as declared are settled in SQL, with the same report as row by row."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.rows import RowsReport
from pytest_pmd_migrations.rows.matching import rows_of_tables, sides
from pytest_pmd_migrations.rows.row_counts import RowCounts

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, report

VALUES = st.sampled_from(["NULL", "1", "1.0", "'1'", "'a'", "'A'", "x'61'", "0.0"])
ROWS = st.dictionaries(st.integers(1, 4), st.tuples(VALUES, VALUES), max_size=4)
CONDITIONS = st.sampled_from(["1", "0", "id > 2", "a = 'a'", "typeof(a) = 'text'", "b IS NULL"])
DECLARED = st.dictionaries(st.sampled_from(["t.a", "t.b", "t.id"]), CONDITIONS, min_size=1)


def inserted(rows: Mapping[int, tuple[str, str]]) -> str:
    return "".join(f"INSERT INTO t VALUES ({n}, {a}, {b});" for n, (a, b) in rows.items())


def without_samples(found: RowsReport) -> list[RowCounts]:
    return [one._replace(samples=()) for one in found.tables]


@settings(deadline=None)
@given(
    ROWS,
    ROWS,
    DECLARED,
    st.dictionaries(st.sampled_from(["t", "t.b"]), CONDITIONS),
    st.sampled_from(["INTEGER PRIMARY KEY", "INT PRIMARY KEY", "TEXT PRIMARY KEY"]),
)
def test_the_report_is_the_one_of_row_by_row(
    before: Mapping[int, tuple[str, str]],
    after: Mapping[int, tuple[str, str]],
    changes: Mapping[str, str],
    deletes: Mapping[str, str],
    key: str,
) -> None:
    case = Case(
        f"CREATE TABLE t(id {key}, a, b COLLATE NOCASE); {inserted(before)}",
        f"DELETE FROM t; {inserted(after)}",
        deletes=deletes,
        changes=changes,
    )
    settled = report(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_of_tables, "settle_rows", lambda *_, **__: None)
        row_by_row = report(case)
    assert settled == row_by_row
    assert without_samples(settled) == without_samples(row_by_row)


PAIRS = [*product(["NULL", "1", "1.0", "'1'", "'a'", "'A'", "x'61'"], repeat=2)]


@for_every(
    "changes, deletes",
    [
        ({"t.b": "1"}, {}),
        ({"t.a": "id % 3"}, {}),
        ({"t.a": "id % 3"}, {"t.a": "id % 2"}),
        ({"t.a": "typeof(a) = 'text'", "t.b": "a IS NULL"}, {"t.b": "id % 2"}),
        ({"t.b": "0"}, {"t.a": "id % 2"}),
    ],
)
def test_every_pair_of_values_is_told_as_row_by_row(
    changes: Mapping[str, str], deletes: Mapping[str, str]
) -> None:
    before = {n: (old, "'x'") for n, (old, _) in enumerate(PAIRS)}
    after = {n: (new, "'y'" if n % 2 else "'x'") for n, (_, new) in enumerate(PAIRS)}
    case = Case(
        f"CREATE TABLE t(id INTEGER PRIMARY KEY, a COLLATE NOCASE, b); {inserted(before)}",
        f"DELETE FROM t; {inserted(after)}",
        changes=changes,
        deletes=deletes,
    )
    settled = report(case)
    assert settled.findings
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_of_tables, "settle_rows", lambda *_, **__: None)
        row_by_row = report(case)
    assert settled == row_by_row
    assert without_samples(settled) == without_samples(row_by_row)


def test_of_a_change_of_every_row_no_row_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    row = sides.Row
    monkeypatch.setattr(sides, "Row", lambda *values: read.append(values) or row(*values))
    every = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
        " INSERT INTO t SELECT i, 'a' || i FROM n"
    )
    case = Case(
        f"CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT); {every};",
        "ALTER TABLE t ADD COLUMN b; UPDATE t SET a = upper(a), b = id;"
        "UPDATE t SET a = NULL WHERE id = 9",
        changes={"t.a": "a <> upper(a)"},
    )
    found = report(case)
    assert [finding.message for finding in found.findings] == ["t.a changed in 1 of 500 rows"]
    assert {str(key) for key in found.used} == {"CHANGES t.a"}
    assert len(read) == 2
