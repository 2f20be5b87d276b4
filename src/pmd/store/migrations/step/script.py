"""Split an SQL script into its statements, in time linear in its length.

The rules are those of `sqlite3_complete()` (https://www.sqlite.org/c3ref/complete.html): a
statement ends at a semicolon outside strings, quoted names and comments; CREATE TRIGGER ends
at a semicolon after END.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["split_script"]

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+ | --[^\n]*(?:\n|\Z) | /\*.*?(?:\*/|\Z))
    | (?P<semicolon>;)
    | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
    | (?P<quoted>'(?:[^']|'')*(?:'|\Z) | "(?:[^"]|"")*(?:"|\Z) | `(?:[^`]|``)*(?:`|\Z)
        | \[[^\]]*(?:\]|\Z))
    | (?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)

_SMALL = 20_000
"""Characters. The statements of such a script are remembered: a history is taken many times."""

_COMMENT = re.compile(r"--|/\*")


def split_script(script: str) -> Iterator[str]:
    """Yield the statements of `script` in order, each with its semicolon where it has one.

    A byte order mark at the beginning is left out, and so is a statement of nothing but blanks and
    comments. A last statement without an end is yielded, for SQLite to judge.
    """
    if len(script) <= _SMALL:
        yield from _split_small(script)
    else:
        yield from _split(script)


@lru_cache(maxsize=64)
def _split_small(script: str) -> tuple[str, ...]:
    return tuple(_split(script))


def _split(script: str) -> Iterator[str]:
    script = script.removeprefix("\ufeff")
    alone = script.strip()
    if alone and _is_one(alone):
        yield alone
        return
    start, reader = 0, _Reader()
    for token in _TOKEN.finditer(script):
        kind = token.lastgroup or "other"
        if kind == "blank":
            continue
        if kind == "semicolon" and reader.is_empty:
            start = token.end()
        elif reader.ends_with(kind, token[0].upper() if kind == "word" else ""):
            yield script[start : token.end()].strip()
            start, reader = token.end(), _Reader()
    if not reader.is_empty:
        yield script[start:].strip()


def _is_one(text: str) -> bool:
    """Return whether it is plainly one statement, as most scripts are that a step runs."""
    return text.find(";") in (-1, len(text) - 1) and len(text) > 1 and not _COMMENT.search(text)


class _Reader:
    """Reads one statement's tokens and knows when it is complete."""

    def __init__(self) -> None:
        self.is_empty = True
        self._head: list[str] | None = []
        self._in_trigger = False
        self._last = ""

    def ends_with(self, kind: str, word: str) -> bool:
        """Take the next token, and return whether the statement ends with it."""
        self.is_empty = False
        if self._in_trigger:
            # END counts only directly after a semicolon: a CASE has one of its own.
            complete = kind == "semicolon" and self._last == "; END"
            after_semicolon = word == "END" and self._last == ";"
            self._last = ";" if kind == "semicolon" else "; END" if after_semicolon else ""
            return complete
        if kind == "semicolon":
            return True
        if self._head is not None:
            self._read_head(word, self._head)
        return False

    def _read_head(self, word: str, head: list[str]) -> None:
        """Follow the first words: [EXPLAIN [QUERY PLAN]] CREATE [TEMP|TEMPORARY] TRIGGER."""
        if word == "TRIGGER" and head == ["CREATE"]:
            self._in_trigger, self._head = True, None
        elif word in ("TEMP", "TEMPORARY") and head == ["CREATE"]:
            return
        elif word == "CREATE" and not head:
            head.append(word)
        elif not (word in ("EXPLAIN", "QUERY", "PLAN") and not head):
            self._head = None
