"""Each wrong case of many is named; ids of cases can be typed."""

from __future__ import annotations

import pytest

from tests.unit.plugin.schema.every import as_parameters, holds_for_every


def is_even(number: int) -> None:
    assert number % 2 == 0, f"{number} is odd"


def test_each_wrong_case_is_named_with_what_is_wrong() -> None:
    with pytest.raises(pytest.fail.Exception) as caught:
        holds_for_every({"two": 2, "three": 3, "five": 5}, is_even)
    lines = str(caught.value).splitlines()
    assert lines[0] == "2 of 3 cases:"
    assert lines[1:3] == ["three", "    AssertionError: 3 is odd"]
    assert "five" in lines


def test_a_case_that_cannot_be_judged_is_wrong() -> None:
    with pytest.raises(pytest.fail.Exception, match="none\n    TypeError"):
        holds_for_every({"two": 2, "none": None}, is_even)


def test_no_case_at_all_is_no_success() -> None:
    with pytest.raises(AssertionError):
        holds_for_every({}, is_even)


@pytest.mark.parametrize("number", as_parameters({"equal: two, and more": 2}))
def test_a_name_is_an_id_that_can_be_typed(number: int, request: pytest.FixtureRequest) -> None:
    assert number == 2
    assert request.node.callspec.id == "equal-two-and-more"


@pytest.mark.parametrize("cases", [{}, {"a = b": 1, "a: b": 2}])
def test_no_case_and_two_of_one_id_are_refused(cases: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no case"):
        as_parameters(cases)
