"""Text of strangers is printed, and neither a terminal nor a log obeys it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.checks.model import Finding, Note
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.messages.printable import printable_line, printable_text

from tests.every import for_every

ORDERS = ("::", "##[", "##vso[")


@for_every(
    "text, shown",
    [
        ("größe 漢字 👍 a\tb", "größe 漢字 👍 a\tb"),
        ("\x1b[31mRED\x9b1m", r"\x1b[31mRED\x9b1m"),
        ("a\nb\r\n\u2028c", r"a\nb\r\n\u2028c"),
        ("abc\u202edef\u2066", r"abc\u202edef\u2066"),
        ("f\udcff", r"f\xff"),
        ("\ud800", r"\ud800"),
        ("  ::error::x", r"  \x3a:error::x"),
        ("t::u", "t::u"),
        ("a ##[error]b ##vso[task]", r"a #\x23[error]b #\x23vso[task]"),
    ],
)
def test_what_is_no_plain_text_is_spelled_out(text: str, shown: str) -> None:
    assert printable_line(text) == shown
    assert printable_line(shown) == shown


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\n:#[ ::"))))
def test_a_line_stays_one_line_that_can_be_encoded_and_gives_no_order(text: str) -> None:
    line = printable_line(text)
    line.encode()
    assert line.replace("\t", " ").splitlines() in ([], [line.replace("\t", " ")])
    assert not any(order in line for order in ORDERS[1:])
    assert not line.lstrip().startswith(ORDERS[0])


def test_findings_notes_and_errors_hold_nothing_else() -> None:
    found = Finding("t\n::error::", ("\x1b[2J", "a\nb"), details=("\u202e",))
    assert (found.headline, found.lines, found.details) == (
        r"t\n::error::",
        (r"\x1b[2J", r"a\nb"),
        (r"\u202e",),
    )
    note = Note("DELETES \x1b", "t\n")
    assert (note.about, note.text) == (r"DELETES \x1b", r"t\n")
    assert str(SettingError("one \x1b\n::error::two")) == "one \\x1b\n\\x3a:error::two"


def test_a_text_keeps_its_lines() -> None:
    assert printable_text("a\n  ::b\x07\n") == "a\n  \\x3a:b\\x07\n"
