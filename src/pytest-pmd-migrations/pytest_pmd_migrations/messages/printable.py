"""Show text of strangers so that a terminal and a log print it and do not obey it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

__all__ = ["printable_line", "printable_text"]

_KEPT = "\t"
_CONTROLS = (
    # C0, DEL and C1: what a terminal takes for commands, and what ends a line.
    *range(0x20),
    *range(0x7F, 0xA0),
    0x2028,
    0x2029,
    # Marks, embeddings, overrides and isolates that turn the direction of the text around them.
    0x061C,
    *range(0x200E, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
)
# Python reads a byte that is no UTF-8 as one of these (PEP 383).
_BYTES = range(0xDC80, 0xDD00)
# The test runner of a CI service takes such a line for an order.
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
_COMMAND = re.compile(r"^(\s*)::|##(?=\[|vso\[)")


def printable_line(text: str) -> str:
    r"""Return a text as one line: controls, line ends and bytes that are no UTF-8 as ``\x1b``.

    A tab stays. What a CI service would take for a command begins with ``\x3a:`` instead.
    """
    if text.isascii() and text.isprintable() and "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(_disarmed, text.translate(_shown()))


def printable_text(text: str) -> str:
    """Return a text of several lines, each as :func:`printable_line` shows it."""
    return "\n".join(map(printable_line, text.split("\n")))


@cache
def _shown() -> Mapping[int, str]:
    """Return how each character is shown that is not shown as it is: two thousand."""
    shown = {
        **{code: ascii(chr(code))[1:-1] for code in (*range(0xD800, 0xE000), *_CONTROLS)},
        **{code: f"\\x{code - 0xDC00:02x}" for code in _BYTES},
    }
    del shown[ord(_KEPT)]
    return shown


def _disarmed(found: re.Match[str]) -> str:
    return "#\\x23" if found[0] == "##" else f"{found[1]}\\x3a:"
