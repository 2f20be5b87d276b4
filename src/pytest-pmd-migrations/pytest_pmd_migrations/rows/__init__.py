"""Compare the rows of a database before and after a step, and digest them."""

from __future__ import annotations

from pytest_pmd_migrations.rows.changed_pages import same_content, unchanged_rows
from pytest_pmd_migrations.rows.compare import VERIFY_RAISED, compare_rows
from pytest_pmd_migrations.rows.digests import combine_digests, count_rows, digest_tables
from pytest_pmd_migrations.rows.integrity import (
    Strays,
    check_integrity,
    find_strays,
    stray_findings,
)
from pytest_pmd_migrations.rows.rows_report import RowFinding, RowsReport

__all__ = [
    "VERIFY_RAISED",
    "RowFinding",
    "RowsReport",
    "Strays",
    "check_integrity",
    "combine_digests",
    "compare_rows",
    "count_rows",
    "digest_tables",
    "find_strays",
    "same_content",
    "stray_findings",
    "unchanged_rows",
]
