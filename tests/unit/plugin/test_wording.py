"""Words for an exception: short, and the same each time."""

from __future__ import annotations

import pytest
from pytest_pmd_migrations.wording import error_text

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
