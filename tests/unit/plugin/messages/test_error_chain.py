"""A chain of exceptions is followed to its end, or until it comes round."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.messages.error_chain import follow

LENGTH = 6


@given(st.lists(st.none() | st.integers(0, LENGTH - 1), min_size=LENGTH, max_size=LENGTH))
def test_each_exception_of_a_chain_comes_once_in_its_order(behind: list[int | None]) -> None:
    errors = [Exception(number) for number in range(LENGTH)]
    for error, cause in zip(errors, behind, strict=True):
        error.__cause__ = None if cause is None else errors[cause]
    chain = list(follow(errors[0], lambda one: one.__cause__))
    assert len(set(map(id, chain))) == len(chain)
    assert all(one.__cause__ is after for one, after in itertools.pairwise(chain))
    assert chain[-1].__cause__ is None or chain[-1].__cause__ in chain


def test_no_exception_has_no_chain() -> None:
    assert list(follow(None, lambda one: one.__cause__)) == []
