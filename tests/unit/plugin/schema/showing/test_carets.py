"""Marks below what two texts of SQL have not in common, and lines that break no token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.schema.showing.carets import (
    TextWithCarets,
    split_lines,
    with_carets,
    words,
)

TOKENS = st.sampled_from(["a", "b", "new", ".", ",", "(", ")", "'a b'", "'it''s'", '"x y"', "12"])
TEXTS = st.lists(TOKENS, max_size=12).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other", "marks", "others"),
    [
        ("a = 1", "a = 2", "    ^", "    ^"),
        ("a", "a COLLATE NOCASE", "", "  ^^^^^^^^^^^^^^"),
        ("a IN (1, 2)", "a IN (1, 2, 3)", "", "          ^^^"),
        ("a = 'x y' OR b", "a = 'x  y' OR b", "    ^^^^^", "    ^^^^^^"),
        ("SELECT", "VALUES", "", ""),
        ("(1)", "(2)", "", ""),
        ("", "a", "", ""),
        ("a b c d", "a x y d", "  ^^^", "  ^^^"),
    ],
)
def test_what_the_other_has_not_is_marked(one: str, other: str, marks: str, others: str) -> None:
    assert with_carets(one, other) == (TextWithCarets(one, marks), TextWithCarets(other, others))
    assert with_carets(other, one) == (TextWithCarets(other, others), TextWithCarets(one, marks))


def test_what_is_left_out_is_never_marked() -> None:
    one, other = with_carets("a, b", "b, a", leave_out=",")
    assert (one.carets, other.carets) == ("   ^", "^")


def test_long_texts_are_marked_from_the_first_change_to_the_last() -> None:
    middle = [str(number) for number in range(1500)]
    one = " ".join(["a", *middle, "z"])
    other = " ".join(["a", *reversed(middle), "z"])
    for marked in with_carets(one, other):
        assert marked.carets == "  " + "^" * (len(one) - 4)


@given(TEXTS, TEXTS)
def test_what_is_not_marked_is_the_same_on_both_sides(one: str, other: str) -> None:
    marked = with_carets(one, other)
    left = []
    for side in marked:
        marks = side.carets.ljust(len(side.text))
        same = (char for char, mark in zip(side.text, marks, strict=True) if mark == " ")
        left.append(words("".join(same)))
    assert left[0] == left[1] or not any(side.carets for side in marked)


@given(TEXTS, st.integers(1, 40))
def test_lines_lose_only_blanks_and_break_no_token(text: str, width: int) -> None:
    lines = [text[start:end] for start, end in split_lines(text, width)]
    assert [word for line in lines for word in words(line)] == words(text)
    assert " ".join(lines) == text
    for line in lines:
        assert len(line) <= width or len(words(line)) == 1
