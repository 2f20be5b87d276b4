"""What was seen of one migration in several lineages."""

from __future__ import annotations

from pytest_pmd_migrations.checks.by_lineage import told_by_lineage


def test_lineages_that_differ_in_numbers_alone_are_told_once_with_successive_versions_folded():
    grown = [
        (f"{n:04} r{n}", (f"table notes: {n} rows, after the second run {2 * n}",))
        for n in (1, 2, 3)
    ]
    other = [("0005", ("table t2: 1 row, after the second run 2",)), ("0006", ("it raises",))]
    again = ("0007", ("table t7: 1 row, after the second run 2",))
    assert told_by_lineage([*grown, *other, again], indent="    ") == (
        "",
        "  upgraded from 0001 r1..0003 r3 (numbers of 0001 r1):",
        "    table notes: 1 rows, after the second run 2",
        "",
        "  upgraded from 0005:",
        "    table t2: 1 row, after the second run 2",
        "",
        "  upgraded from 0006:",
        "    it raises",
        "",
        "  upgraded from 0007:",
        "    table t7: 1 row, after the second run 2",
    )
