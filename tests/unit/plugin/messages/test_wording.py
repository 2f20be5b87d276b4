"""Words for an exception, and first lines: short, and the same each time."""

from __future__ import annotations

import pytest
from pytest_pmd_migrations.messages.wording import error_text, headline

from tests.every import for_every


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("it cannot say it")


@for_every(
    "error, text",
    [
        (ValueError("no room"), "ValueError: no room"),
        (GeneratorExit(), "GeneratorExit"),
        (ValueError(" "), "ValueError"),
        (pytest.skip.Exception("not here"), "Skipped: not here"),
        (SpeechlessError(), "SpeechlessError"),
        (ValueError("<object object at 0x7f728a26e2f0>"), "ValueError: <object object at 0x...>"),
        (ValueError("the mask 0xff is not known"), "ValueError: the mask 0xff is not known"),
    ],
)
def test_an_exception_in_words(error: BaseException, text: str) -> None:
    assert error_text(error) == text


LONG = "132d988c5bef_add_authorization_server_tables.py"


@for_every(
    "text, line",
    [
        ("0001_notes.py failed\nbelow", "0001_notes.py failed"),
        (f"{LONG}: t lost 1 of 5 rows", f"{LONG[:37]}...: t lost 1 of 5 rows"),
        (f"{LONG} is not idempotent", f"{LONG[:39]}... is not idempotent"),
        (f"{LONG} failed", f"{LONG} failed"),
        (f"{LONG}: {'word ' * 12}", "132d988c5bef_add...: word word word word word word word w..."),
        ("word " * 13, "word word word word word word word word word word word wo..."),
    ],
)
def test_a_first_line_is_cut_at_a_files_name_before_what_is_said_of_it(
    text: str, line: str
) -> None:
    assert headline(text) == line
    assert len(line) <= 60
