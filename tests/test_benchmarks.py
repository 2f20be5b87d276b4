"""What `python -m tests.benchmarks` says of what it measured, and when an aim is missed."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.benchmarks import row_history
from tests.benchmarks.__main__ import TOPICS
from tests.benchmarks.measure import Table, UnexpectedEndError, child, cost_of, environment


def test_a_ratio_is_measured_in_the_order_a_b_b_a(capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def side(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    table = Table()
    sides = table.ratio(
        "one / other", lambda: side("A", 3.0), lambda: side("B", 2.0), at_most=1.25, turns=2
    )
    assert sides == (3.0, 2.0)
    assert "".join(order) == "ABBAABBA"
    line = "     1.50  one / other (3.0000 s / 2.0000 s CPU), aim: at most 1.25  MISSED\n"
    assert capsys.readouterr().out == line
    assert table.missed == ["one / other (3.0000 s / 2.0000 s CPU)"]


def test_an_aim_is_missed_above_it_and_where_something_judges(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table()
    assert table.amount("at the aim", 1.5, "s", at_most=1.5) == 1.5
    table.quotient("no aim", 4.0, 2.0, at_most=None)
    Table(judges=False).amount("small", 9.0, "MB", at_most=1)
    assert capsys.readouterr().out == (
        "     1.50 s  at the aim, aim: at most 1.5\n"
        "     2.00  no aim (4.000 / 2.000)\n"
        "     9.00 MB  small, aim: at most 1\n"
    )
    assert table.missed == []


def test_the_cost_of_something_else_is_not_measured(tmp_path: Path) -> None:
    command = (sys.executable, "-S", "-c", "print('one'); raise SystemExit(3)")
    cost = cost_of(tmp_path, command, exits=3, says="one", env=environment())
    assert cost.seconds > 0
    assert cost.megabytes > 1
    for exits, says in ((0, "one"), (3, "two")):
        with pytest.raises(
            UnexpectedEndError, match=f"ended with 3; expected {exits} and '{says}'"
        ):
            child(tmp_path, *command, exits=exits, says=says)()


def test_every_topic_is_a_module() -> None:
    assert all(find_spec(f"tests.benchmarks.{topic}") for topic in TOPICS)


def test_the_history_with_rows_inserts_a_hundred_rows_with_every_fourth_step() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        for number in range(1, 9):
            conn.execute(row_history.step(number))
        counts = [conn.execute(f"SELECT count(*) FROM t{n}").fetchone()[0] for n in (0, 1)]
        assert counts == [row_history.ROWS] * 2 == [100, 100]
        assert conn.execute("SELECT * FROM t1 WHERE id = 98").fetchone() == (
            (98, "name-98", 147.0, "extra-1")
        )
