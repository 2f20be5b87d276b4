"""Compare the rows of a database before and after a step, and digest them."""

from __future__ import annotations

from pytest_pmd_migrations.rows.combined_digests import combine_digests
from pytest_pmd_migrations.rows.compare_rows import VERIFY_RAISED, compare_rows, verify_rows
from pytest_pmd_migrations.rows.digests import count_rows, digest_tables, tables_of_other_size
from pytest_pmd_migrations.rows.excuses import leave_out_excused
from pytest_pmd_migrations.rows.integrity import Damages, find_damage
from pytest_pmd_migrations.rows.integrity_after import Integrity, check_integrity
from pytest_pmd_migrations.rows.rows_report import RowFinding, RowsReport
from pytest_pmd_migrations.rows.strays import Strays, find_strays, stray_findings
from pytest_pmd_migrations.rows.varying import (
    NOTHING_VARIES,
    VaryingRows,
    find_varying,
    tables_with_new_values,
    volatile_setting,
)

__all__ = [
    "NOTHING_VARIES",
    "VERIFY_RAISED",
    "Damages",
    "Integrity",
    "RowFinding",
    "RowsReport",
    "Strays",
    "VaryingRows",
    "check_integrity",
    "combine_digests",
    "compare_rows",
    "count_rows",
    "digest_tables",
    "find_damage",
    "find_strays",
    "find_varying",
    "leave_out_excused",
    "stray_findings",
    "tables_of_other_size",
    "tables_with_new_values",
    "verify_rows",
    "volatile_setting",
]
