"""Keys are added to the tables of a TOML file, and nothing else of its text changes."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.cli.declare.module_text import CannotAddError
from pytest_pmd_migrations.cli.declare.rows_text import Entry, add_entries

from tests.every import for_every

DELETES: Entry = (("0003", "deletes"), "notes", ("a = 1", "as found"))
AGAIN: Entry = (("0003",), "again", ("as found",))
STORED: Entry = (("stored", "0001+old"), "unsupported", ("as found",))


def added(text: str, *entries: Entry) -> str:
    return add_entries(text.encode(), entries).decode()


@for_every(
    "text, expected",
    [
        ("", '[0003.deletes]\n"notes" = ["a = 1", "as found"]\n'),
        ("# Why\n", '# Why\n\n[0003.deletes]\n"notes" = ["a = 1", "as found"]\n'),
        ("# Why", '# Why\n\n[0003.deletes]\n"notes" = ["a = 1", "as found"]\n'),
        (
            "[0003.deletes]  # old\nx = 'DROP'\n\n[0004.moves]\n",
            '[0003.deletes]  # old\n"notes" = ["a = 1", "as found"]\n'
            "x = 'DROP'\n\n[0004.moves]\n",
        ),
        ("[ 3 . 'deletes' ]\n", '[ 3 . \'deletes\' ]\n"notes" = ["a = 1", "as found"]\n'),
        ("[3.moves]\n", '[3.moves]\n\n[3.deletes]\n"notes" = ["a = 1", "as found"]\n'),
        ("[0003.deletes]", '[0003.deletes]\n"notes" = ["a = 1", "as found"]\n'),
        (
            "[0003.deletes]\r\nx = 'DROP'\r\n",
            '[0003.deletes]\r\n"notes" = ["a = 1", "as found"]\r\nx = \'DROP\'\r\n',
        ),
    ],
)
def test_a_declaration_is_added(text: str, expected: str) -> None:
    assert added(text, DELETES) == expected


def test_tables_are_written_once() -> None:
    second: Entry = (("0003", "deletes"), "tags", ("DROP", "as found"))
    assert added("", DELETES, AGAIN, second, STORED) == (
        "[0003.deletes]\n"
        '"notes" = ["a = 1", "as found"]\n'
        '"tags" = ["DROP", "as found"]\n'
        "\n"
        "[0003]\n"
        'again = "as found"\n'
        "\n"
        '[stored."0001+old"]\n'
        'unsupported = "as found"\n'
    )


def test_the_mark_at_the_beginning_stays() -> None:
    marked = b"\xef\xbb\xbf# \xc3\xa9\n"
    assert add_entries(marked, [AGAIN]) == marked + b'\n[0003]\nagain = "as found"\n'


@pytest.mark.parametrize(
    "text",
    [
        "0003 = {deletes = {x = 'DROP'}}\n",
        "text = '''\n[0003.deletes]\n'''\n",
        "[[0003]]\n",
        "0003 = 1\n",
    ],
)
def test_what_cannot_be_added_to_is_left_alone(text: str) -> None:
    with pytest.raises(CannotAddError):
        added(text, DELETES)


def test_a_byte_that_is_not_utf_8_cannot_be_written() -> None:
    with pytest.raises(CannotAddError):
        added("", (("0003", "deletes"), "f\udcff", ("1", "as found")))


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(entries=st.dictionaries(names, st.tuples(names, names), min_size=1, max_size=3))
def test_whatever_the_names_it_reads_as_they_are(entries: dict[str, tuple[str, str]]) -> None:
    text = added(
        "# Why\n[0003.deletes]\n",
        *((("0003", "deletes"), name, values) for name, values in entries.items()),
    )
    assert tomllib.loads(text)["0003"]["deletes"] == {k: list(v) for k, v in entries.items()}
