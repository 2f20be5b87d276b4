"""Each wrong case of many is named; ids of cases can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.every import as_parameters, for_every, holds_for_every


def is_even(number: int) -> None:
    assert number % 2 == 0, f"{number} is odd"


def test_each_wrong_case_is_named_with_what_is_wrong() -> None:
    with pytest.raises(pytest.fail.Exception) as caught:
        holds_for_every({"two": 2, "three": 3, "five": 5}, is_even)
    lines = str(caught.value).splitlines()
    assert lines[0] == "2 of 3 cases:"
    assert lines[1] == "three"
    assert re.fullmatch(r"    test_every.py:\d+: AssertionError: 3 is odd", lines[2])
    assert "five" in lines


def test_a_case_that_cannot_be_judged_is_wrong() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"none\n    .*TypeError"):
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


@for_every("number, double", [(1, 2), (3, 6)])
def test_every_case_in_one_item_has_an_empty_folder(
    number: int, double: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert double == 2 * number
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "left").touch()
    assert request.node.name == "test_every_case_in_one_item_has_an_empty_folder"


def test_each_wrong_case_of_one_item_is_named_by_its_values() -> None:
    @for_every("number, limit", [(1, 2), (3, 2), (5, 2), (2, 2)])
    def is_at_most(number: int, limit: int) -> None:
        if number == 5:
            pytest.skip("five")
        with pytest.raises(ZeroDivisionError):
            1 / max(0, number - limit)

    with pytest.raises(pytest.fail.Exception) as caught:
        is_at_most()
    lines = str(caught.value).splitlines()
    assert lines[:2] == ["2 of 4 cases:", "3, 2"]
    assert "DID NOT RAISE" in lines[2]
    assert lines[3] == "5, 2"
    assert lines[4].endswith("Skipped: five")


def test_each_wrong_case_of_one_item_is_named_by_its_id() -> None:
    for ids in (["two", "three"], {2: "two", 3: "three"}.get):

        @for_every("number", [2, 3], ids=ids)
        def each_is_even(number: int) -> None:
            is_even(number)

        with pytest.raises(pytest.fail.Exception, match=r"^1 of 2 cases:\nthree\n.*: 3 is odd\n"):
            each_is_even()


@pytest.mark.parametrize(
    ("cases", "ids"), [([], None), ([(1,)], None), ([(1, 2)], []), ([(1, 2)], ["one", "two"])]
)
def test_cases_that_do_not_fit_are_refused(
    cases: list[tuple[int, ...]], ids: list[str] | None
) -> None:
    with pytest.raises(ValueError, match="no case"):
        for_every("number, limit", cases, ids=ids)
