"""JSON is written strictly and read leniently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmd.store.errors import InvalidValueError
from pmd.store.json_columns import read_json, read_list, read_strings, write_json
from tests.every import for_every

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES)
def test_what_is_written_is_read_back(value):
    text = write_json(value, what="value")
    assert read_json(text) == value
    assert text.isascii()


@for_every("stored", [None, b"[1]", 7, 1.5, "", "word", "[1,", "[" * 100_000, "\0", "9" * 5000])
def test_what_is_no_json_text_is_read_as_it_is(stored):
    assert read_json(stored) == stored
    assert read_list(stored) == []
    assert read_strings(stored) == ()


def test_only_the_strings_of_a_list_are_read():
    assert read_strings('["a", 1, null, ["b"], "c"]') == ("a", "c")
    assert read_strings('{"a": 1}') == ()


@for_every("value", [float("nan"), float("inf"), {1, 2}, b"blob", {(1, 2): 3}])
def test_what_json_cannot_express_is_refused(value):
    with pytest.raises(InvalidValueError, match=r"^extra cannot be written as JSON: .+\. Expected"):
        write_json(value, what="extra")
