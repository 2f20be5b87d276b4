"""Estimates from small sizes know what SQLite does: it keeps so many pages, and sorts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from pytest_pmd_migrations.forecast.curve import GROWTHS, Estimate
from pytest_pmd_migrations.forecast.estimates import estimates_at
from pytest_pmd_migrations.forecast.first_touches import FirstTouches
from pytest_pmd_migrations.forecast.measured_size import MeasuredSize
from pytest_pmd_migrations.forecast.measured_upgrade import Measured
from pytest_pmd_migrations.forecast.step_forecast import StepForecast
from pytest_pmd_migrations.forecast.told import seconds_text, tell_measured, tell_step
from pytest_pmd_migrations.forecast.traits import TraitKind

from tests.every import for_every
from tests.unit.plugin.built_application import application

SIZES = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
ASKED = 3_000_000
BYTES_OF_ROW = 64
SECONDS_OF_BYTE = 5e-10

Amount = Callable[[int], float]


def measured(
    computing: Amount, *, memory: Amount = lambda _: 2e6, log: Amount = lambda _: 0
) -> list[MeasuredSize]:
    """Return what was measured of a step: beside its computing, the touching of its memory."""
    found = []
    for rows in SIZES:
        touches = FirstTouches(int(memory(rows)), memory(rows) * SECONDS_OF_BYTE)
        seconds = computing(rows) + touches.seconds
        run = Measured(
            seconds=seconds,
            computing=seconds,
            locked=seconds,
            log=int(log(rows)),
            temporary=0,
            before=rows * BYTES_OF_ROW,
            after=rows * BYTES_OF_ROW,
            memory=int(memory(rows)),
            touches=touches,
        )
        found.append(MeasuredSize(rows, {"notes": rows}, (run, run)))
    return found


def estimates(sizes: list[MeasuredSize], *traits: TraitKind) -> dict[str, Estimate]:
    found, _ = estimates_at(ASKED, sizes, frozenset(traits))
    return found


def of_row(seconds: float) -> Amount:
    return lambda rows: 0.002 + rows * seconds


def of_cache(rows: int) -> float:
    return 1e6 + BYTES_OF_ROW * rows


@for_every(
    "seconds, told",
    [
        (0.0421, "0.042 s"),
        (12.4, "12 s"),
        (90, "1.5 min"),
        (3600 * 30, "30.0 h"),
        (86400 * 1234, "1,234 days"),
    ],
)
def test_a_time_is_told_as_people_read_it(seconds: float, told: str) -> None:
    assert seconds_text(seconds) == told


def test_a_file_that_shrinks_is_told_as_one_with_what_is_to_be_known(tmp_path: Path) -> None:
    sizes = tuple(measured(of_row(1e-6)))
    found = {**estimates([*sizes]), "growth": Estimate(-3e6, -4e6, -2e6)}
    step = StepForecast(1, ASKED, "delete", sizes, found, "n", notes=("rows of t were copied",))
    lines = [*tell_step(application(tmp_path, {1: "SELECT 1"}).application, step)]
    assert "  shrinks by  3 MB      (2 MB to 4 MB)" in lines
    assert lines[-1] == "  note: rows of t were copied"
    notes = StepForecast(1, ASKED, "delete", notes=("there is nothing to fill",))
    assert [*tell_measured(notes)] == ["  note: there is nothing to fill"]


def test_memory_that_the_caches_explain_stays_what_it_is_and_its_time_too() -> None:
    """It grows with each row of a small file alone: the cache of pages is full soon."""
    found = estimates(measured(of_row(3e-7), memory=of_cache), "rewrite", "transaction")
    most = of_cache(SIZES[-1])
    assert found["memory"].value == pytest.approx(most, rel=0.01)
    assert found["memory"].high == pytest.approx(of_cache(ASKED), rel=0.05)
    without_touching = 0.002 + ASKED * 3e-7
    assert found["seconds"].value == pytest.approx(without_touching + most * SECONDS_OF_BYTE)
    assert found["seconds"].high >= without_touching + of_cache(ASKED) * SECONDS_OF_BYTE * 0.99


@pytest.mark.parametrize(
    ("of_memory", "traits"),
    [(lambda rows: 1e6 + 400.0 * rows, ()), (of_cache, ("python",))],
    ids=["more than the caches", "rows in Python"],
)
def test_memory_that_a_step_takes_for_its_rows_grows_with_them(
    of_memory: Amount, traits: Collection[TraitKind]
) -> None:
    found = estimates(measured(of_row(3e-7), memory=of_memory), *traits)
    assert found["memory"].value == pytest.approx(of_memory(ASKED), rel=0.01)
    truth = 0.002 + ASKED * 3e-7 + of_memory(ASKED) * SECONDS_OF_BYTE
    assert found["seconds"].value == pytest.approx(truth, rel=0.01)


def test_an_index_is_built_by_sorting_where_the_times_do_not_say_otherwise() -> None:
    """Between n and n log n, sizes as small as these cannot decide."""

    def between(rows: int) -> float:
        sorting = GROWTHS["n log n"](rows) / GROWTHS["n log n"](SIZES[-1])
        return 0.002 + 0.01 * (sorting + rows / SIZES[-1]) / 2

    sizes = measured(between)
    _, plain = estimates_at(ASKED, sizes, frozenset())
    _, index = estimates_at(ASKED, sizes, frozenset(("index",)))
    _, copied = estimates_at(ASKED, sizes, frozenset(("index", "rewrite")))
    assert (plain.growth, index.growth, copied.growth) == ("n", "n log n", "n")
    exact, _ = estimates_at(ASKED, measured(of_row(3e-7)), frozenset(("index",)))
    assert exact["computing"].value == pytest.approx(0.002 + ASKED * 3e-7, rel=0.01)


def test_nothing_is_written_by_a_square_that_is_computed_with_the_rows() -> None:
    sizes = measured(of_row(3e-7), log=lambda rows: 4096 + rows * rows / 100)
    most = 100 * sizes[-1].runs[0].log
    assert estimates(sizes)["log"].value < 2 * most
    squared = measured(lambda rows: 0.002 + rows * rows * 1e-9, log=lambda rows: rows * rows / 100)
    assert estimates(squared)["log"].value == pytest.approx(ASKED * ASKED / 100, rel=0.01)
