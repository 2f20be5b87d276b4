"""The message on a struck point tells where it is, what is left, how many, what mends it."""

from __future__ import annotations

from pytest_pmd_migrations.faults import Point, StruckPoint
from pytest_pmd_migrations.faults.wording import advice, counts, describe


def struck(**facts) -> StruckPoint:
    point = Point("deny", "wal", "call", 3, "denied in statement 3 of 7", "DELETE FROM notes")
    return StruckPoint(**{"point": point, "left": "torn", **facts})


def test_a_broken_point_tells_rows_the_run_and_the_retry() -> None:
    lines = describe(
        struck(
            left="lost",
            version=7,
            said="raised OperationalError: disk I/O error",
            differences=("table documents has 0 of 5 rows",),
            retry="reports success, but documents lost 5 of 5 rows",
        ),
        "0007",
    )
    assert lines == (
        "  upgraded from 0007, write-ahead log",
        "  denied in statement 3 of 7:",
        "    DELETE FROM notes",
        "  the run raised OperationalError: disk I/O error",
        "  reopened at version 0007:",
        "    table documents has 0 of 5 rows",
        "  a plain retry reports success, but documents lost 5 of 5 rows",
    )


def test_a_message_is_never_wider_than_the_terminal() -> None:
    wide = "word " * 60
    lines = describe(
        struck(
            point=Point("deny", "wal", "call", 3, wide, wide),
            said=wide,
            retry=wide,
            differences=(wide,) * 9,
        ),
        "0007",
    )
    assert max(map(len, lines)) <= 76
    assert "    and 3 more lines" in lines


def test_hung_and_lied_have_advice_of_their_own() -> None:
    assert describe(struck(left="hung"), "0007")[-1] == "  it did not come back"
    assert advice(struck(left="hung")) == (
        "The runner waits or tries again for ever. Let it give up after some time,",
        "and raise.",
    )
    assert advice(struck(left="lied"))[0].startswith("The runner reports success for what was")


def test_counts_name_what_was_left_and_the_kinds() -> None:
    assert counts([struck(left="old"), struck(left="new")]) == "2 faults, 0 broken (deny 2)"
    assert counts([struck(), struck(left="old"), struck(left="lost")]) == (
        "2 of 3 faults: 1 torn, 1 lost (deny 2)"
    )
