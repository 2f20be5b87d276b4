"""Constants are added to a migration's module, and nothing else of its text changes."""

from __future__ import annotations

import ast
import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.cli.declare.module_text import CannotAddError, add_constant

from tests.every import for_every

CONDITION = {"notes": ("title IS NULL", "as found")}
UP = "def up(db):\n    pass\n"


def added(text: str, kind: str = "DELETES", entries: object = None) -> str:
    content = add_constant(text.encode(), kind, entries or CONDITION)  # type: ignore[arg-type]
    return content.decode()


@for_every(
    "text, expected",
    [
        ("", 'DELETES = {"notes": ("title IS NULL", "as found")}\n'),
        (UP, f'{UP}\n\nDELETES = {{"notes": ("title IS NULL", "as found")}}\n'),
        (f"{UP}\n\n\n", f'{UP}\n\n\nDELETES = {{"notes": ("title IS NULL", "as found")}}\n'),
        (
            "import os",
            'import os\n\nDELETES = {"notes": ("title IS NULL", "as found")}\n',
        ),
        (
            "VERSION = 2\r\nX = 1  # é\r\n",
            'VERSION = 2\r\nX = 1  # é\r\nDELETES = {"notes": ("title IS NULL", "as found")}\r\n',
        ),
        (
            "DELETES = {}  # none\n",
            'DELETES = {"notes": ("title IS NULL", "as found")}  # none\n',
        ),
        (
            'DELETES = {"é": ("1", "why")}\n',
            'DELETES = {"é": ("1", "why"), "notes": ("title IS NULL", "as found")}\n',
        ),
        (
            'DELETES = {"a": ("1", "why"),}\n',
            'DELETES = {"a": ("1", "why"), "notes": ("title IS NULL", "as found")}\n',
        ),
        (
            'DELETES: dict = {\n  "a": ("1", "why")  # no comma\n  # last\n}\nX = 1\n',
            'DELETES: dict = {\n  "a": ("1", "why"),  # no comma\n  # last\n'
            '  "notes": ("title IS NULL", "as found"),\n}\nX = 1\n',
        ),
        (
            "DELETES = {\n    # nothing yet\n}\n",
            'DELETES = {\n    # nothing yet\n    "notes": ("title IS NULL", "as found"),\n}\n',
        ),
        (
            'DELETES = {"a": ("1", (")")), "b": ("1",\n "why") }\n',
            'DELETES = {"a": ("1", (")")), "b": ("1",\n'
            ' "why"), "notes": ("title IS NULL", "as found") }\n',
        ),
        (
            'if True:\n    DELETED = {"a": "b"}\n',
            'if True:\n    DELETED = {"a": "b"}\n\n\n'
            'DELETES = {"notes": ("title IS NULL", "as found")}\n',
        ),
    ],
)
def test_a_constant_is_added(text: str, expected: str) -> None:
    assert added(text) == expected


def test_what_does_not_fit_a_line_stands_in_several() -> None:
    entries = {"notes": ("title <> trim(title)", "x" * 60), "tags": ("1", "y")}
    assert added(UP, entries=entries).removeprefix(UP) == (
        "\n\nDELETES = {\n"
        '    "notes": (\n'
        '        "title <> trim(title)",\n'
        f'        "{"x" * 60}",\n'
        "    ),\n"
        '    "tags": ("1", "y"),\n'
        "}\n"
    )
    assert added("DELETES = {}  # none\n", entries=entries) == (
        "DELETES = {\n"
        '    "notes": (\n'
        '        "title <> trim(title)",\n'
        f'        "{"x" * 60}",\n'
        "    ),\n"
        '    "tags": ("1", "y"),\n'
        "}  # none\n"
    )


def test_a_constant_without_names() -> None:
    assert added("", "AGAIN", {"": ("as found",)}) == 'AGAIN = "as found"\n'


def test_a_byte_that_is_not_utf_8_is_written_as_python_has_it() -> None:
    found: dict[str, object] = {}
    exec(added("", entries={"f\udcff": ("1", "as found")}), found)
    assert found["DELETES"] == {"f\udcff": ("1", "as found")}


def test_encoding_and_mark_stay() -> None:
    latin = "# coding: latin-1\nNAME = 'é'\n".encode("latin-1")
    assert add_constant(latin, "DELETES", CONDITION).startswith(latin)
    marked = b"\xef\xbb\xbfX = 1\n"
    assert add_constant(marked, "DELETES", CONDITION).startswith(marked)


def test_a_name_that_its_encoding_lacks_cannot_be_added() -> None:
    with pytest.raises(CannotAddError) as error:
        add_constant(b"# coding: latin-1\n", "DELETES", {"練習": ("1", "as found")})
    assert str(error.value) == "a name cannot be written in its encoding, iso-8859-1"


@for_every(
    "text",
    [
        "DELETES = dict(a=('1', 'why'))\n",
        "from app.common import DELETES\n",
        "DELETES = {}\nDELETES = {'a': 'DROP'}\n",
        "if True:\n    DELETES = {}\n",
        "for DELETES in [{}]:\n    pass\n",
        "DELETES = OTHER = []\n",
    ],
)
def test_a_constant_that_is_no_dict_written_out_is_left_alone(text: str) -> None:
    with pytest.raises(CannotAddError) as error:
        added(text)
    assert str(error.value) == "it has a DELETES already, which is no dict written out"


def test_what_is_no_python_is_left_alone() -> None:
    with pytest.raises(CannotAddError) as error:
        added("def up(db)\n")
    assert str(error.value).startswith("it is no Python: expected ':'")


names = st.text(min_size=1, max_size=8)


@given(
    entries=st.dictionaries(names, st.tuples(names, names), min_size=1, max_size=3),
    before=st.sampled_from(
        ["", UP, "DELETES = {}\n", 'DELETES = {\n    "a b c d e": "DROP",\n}\n']
    ),
)
def test_whatever_the_names_it_reads_as_they_are_and_the_rest_stays(
    entries: dict[str, tuple[str, str]], before: str
) -> None:
    text = added(before, entries=entries)
    found: dict[str, object] = {}
    exec(text, found)
    known = {"a b c d e": "DROP"} if "DROP" in before else {}
    assert found["DELETES"] == {**known, **entries}
    matcher = difflib.SequenceMatcher(None, before, text, autojunk=False)
    assert {tag for tag, *_ in matcher.get_opcodes()} <= {"equal", "insert"}
    assert len(ast.parse(text).body) <= len(ast.parse(before).body) + 1
