"""Carets below the tokens that only one of two SQL texts has, and lines that break no token."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.schema.showing.carets import (
    TextWithCarets,
    split_lines,
    with_carets,
    words,
)

from tests.every import for_every

TOKENS = st.sampled_from(["a", "b", "new", ".", ",", "(", ")", "'a b'", "'it''s'", '"x y"', "12"])
TEXTS = st.lists(TOKENS, max_size=12).map(" ".join)


@for_every(
    "one, other, carets, other_carets",
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
def test_a_token_that_the_other_text_lacks_has_carets(
    one: str, other: str, carets: str, other_carets: str
) -> None:
    left, right = TextWithCarets(one, carets), TextWithCarets(other, other_carets)
    assert with_carets(one, other) == (left, right)
    assert with_carets(other, one) == (right, left)


def test_a_token_that_is_left_out_never_has_carets() -> None:
    one, other = with_carets("a, b", "b, a", leave_out=",")
    assert (one.carets, other.carets) == ("   ^", "^")


def test_long_texts_have_carets_from_the_first_change_to_the_last() -> None:
    middle = [str(number) for number in range(1500)]
    one = " ".join(["a", *middle, "z"])
    other = " ".join(["a", *reversed(middle), "z"])
    for side in with_carets(one, other):
        assert side.carets == "  " + "^" * (len(one) - 4)


@given(TEXTS, TEXTS)
def test_tokens_without_carets_are_the_same_on_both_sides(one: str, other: str) -> None:
    sides = with_carets(one, other)
    left = []
    for side in sides:
        carets = side.carets.ljust(len(side.text))
        same = (char for char, caret in zip(side.text, carets, strict=True) if caret == " ")
        left.append(words("".join(same)))
    assert left[0] == left[1] or not any(side.carets for side in sides)


@given(TEXTS, st.integers(1, 40))
def test_lines_lose_only_blanks_and_break_no_token(text: str, width: int) -> None:
    lines = [text[start:end] for start, end in split_lines(text, width)]
    assert [word for line in lines for word in words(line)] == words(text)
    assert " ".join(lines) == text
    for line in lines:
        assert len(line) <= width or len(words(line)) == 1
