"""Curves through measures: exact ones are found again, and the interval holds noisy ones."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.forecast.curve import GROWTHS, Growth, Point, fit, signed_estimate

SIZES = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
ASKED = 3_000_000


def points(growth: Growth, constant: float, slope: float) -> list[Point]:
    return [(size, constant + slope * GROWTHS[growth](size)) for size in SIZES]


@given(
    st.sampled_from(sorted(GROWTHS.keys() - {"constant"})),
    st.floats(0, 1),
    st.floats(1e-6, 1e-2),
)
def test_exact_measures_give_their_own_curve_again(
    growth: Growth, constant: float, slope: float
) -> None:
    exact = points(growth, constant, slope)
    # A slope that is lost in the constant is none.
    if exact[-1][1] > 2 * constant:
        curve, value = fit(exact), constant + slope * GROWTHS[growth](ASKED)
        assert curve.growth == growth
        assert curve.at(ASKED).value == pytest.approx(value, rel=1e-3)
        assert curve.at(ASKED).low <= value * 1.001
        assert curve.at(ASKED).high >= value * 0.999


def test_what_does_not_grow_is_constant_and_what_falls_is_never_negative() -> None:
    assert fit([(size, 0.25) for size in SIZES]).growth == "constant"
    assert fit([(size, 0.0) for size in SIZES]).at(ASKED).value == 0
    mostly_nothing = fit([(size, float(size == SIZES[-1])) for size in SIZES]).at(ASKED)
    assert 0 <= mostly_nothing.low <= mostly_nothing.value <= mostly_nothing.high
    falling = fit([(size, 1 / size) for size in SIZES]).at(ASKED)
    assert 0 <= falling.low <= falling.value <= falling.high
    # A file that loses an index or is packed shrinks.
    shrinking = signed_estimate([(size, -2.0 * size) for size in SIZES], ASKED)
    assert shrinking.value == pytest.approx(-2.0 * ASKED)
    assert shrinking.low <= shrinking.value <= shrinking.high <= 0
    assert signed_estimate([(size, 3.0) for size in SIZES], ASKED).value == pytest.approx(3.0)


def test_the_interval_holds_the_truth_of_noisy_measures_nine_times_in_ten() -> None:
    dice, held = random.Random(7), 0
    for _ in range(300):
        exact = points("n", 0.01, 3e-6)
        noisy = [(size, value * dice.gauss(1, 0.05)) for size, value in exact]
        found = fit(noisy).at(100_000)
        held += found.low <= 0.01 + 0.3 <= found.high
    assert held >= 270


def test_one_outlier_at_the_largest_size_is_not_taken_for_a_square() -> None:
    measured = points("n", 0.02, 2e-6)
    measured[-1] = (measured[-1][0], measured[-1][1] * 1.15)
    curve = fit(measured)
    assert curve.growth in ("n", "n log n")
    truth = 0.02 + 2e-6 * ASKED
    assert curve.at(ASKED).low * 0.95 <= truth <= curve.at(ASKED).high


@pytest.mark.parametrize("usual", ["n", "n log n"])
def test_noise_does_not_choose_between_n_and_n_log_n(usual: Growth) -> None:
    dice, chosen = random.Random(11), set[Growth]()
    for _ in range(300):
        exact = points("n", 0.001, 3e-7)
        noisy = [(size, value * dice.gauss(1, 0.1)) for size, value in exact]
        chosen.add(fit(noisy, usual=usual).growth)
    assert chosen == {usual}
