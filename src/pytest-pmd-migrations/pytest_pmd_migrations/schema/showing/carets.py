"""Two texts of SQL with a mark under every token that the other one has not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Marked", "mark_changes", "split_lines", "words"]

MARK = "^"
_PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\s+|[\w$]+|.""", re.DOTALL)
_LARGEST = 1_000_000
"""Pairs of tokens up to which the changed ones are looked for between the first and the last."""


@dataclass(frozen=True)
class Marked:
    """A text, and below each of its characters a mark or a blank."""

    text: str
    marks: str = ""

    def lines(self, width: int) -> Iterator[Marked]:
        """Yield it in lines; a token is never broken, and a longer one has a line of its own."""
        for start, end in split_lines(self.text, width):
            yield Marked(self.text[start:end], self.marks[start:end].rstrip())


def words(text: str) -> list[str]:
    """Return the tokens of a text; what is quoted is one."""
    return [piece for piece in _PIECE.findall(text) if not piece.isspace()]


def mark_changes(one: str, other: str, *, leave_out: str = "") -> tuple[Marked, Marked]:
    """Mark what differs in both; nothing where no word is common, so that all of it does.

    A token that stands in ``leave_out`` is never marked.
    """
    tokens = words(one), words(other)
    places = [[n for n, word in enumerate(side) if word not in leave_out] for side in tokens]
    ours, theirs = ([side[n] for n in kept] for side, kept in zip(tokens, places, strict=True))
    changed: tuple[set[int], set[int]] = (set(), set())
    for tag, start, end, there, to in _opcodes(ours, theirs):
        if tag != "equal":
            changed[0].update(places[0][start:end])
            changed[1].update(places[1][there:to])
    common = (tokens[0][place] for place in places[0] if place not in changed[0])
    if not any(word[0].isalnum() or len(word) > 1 for word in common):
        return Marked(one), Marked(other)
    return Marked(one, _marks(one, changed[0])), Marked(other, _marks(other, changed[1]))


def split_lines(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield where the lines of a text begin and end; a token is never broken."""
    start = end = place = 0
    for piece in _PIECE.findall(text):
        place += len(piece)
        if not piece.isspace():
            if place - start > width and end > start and text[end].isspace():
                yield start, end
                start = place - len(piece)
            end = place if start < place else end
    if end > start:
        yield start, end


def _opcodes(
    ours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield what changed as difflib does, a common beginning and end taken off first."""
    shorter = min(len(ours), len(theirs))
    first = next((n for n in range(shorter) if ours[n] != theirs[n]), shorter)
    rest = shorter - first
    last = next((n for n in range(rest) if ours[-1 - n] != theirs[-1 - n]), rest)
    left, right = ours[first : len(ours) - last], theirs[first : len(theirs) - last]
    if len(left) * len(right) > _LARGEST:
        yield "replace", first, first + len(left), first, first + len(right)
        return
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for tag, start, end, there, to in matcher.get_opcodes():
        yield tag, first + start, first + end, first + there, first + to


def _marks(text: str, changed: set[int]) -> str:
    """Return marks below the changed tokens and below the blanks between two of them."""
    marks, place, blank = "", 0, ""
    for piece in _PIECE.findall(text):
        if piece.isspace():
            blank = piece
            continue
        both = place in changed and place - 1 in changed
        marks += (MARK if both else " ") * len(blank)
        marks += (MARK if place in changed else " ") * len(piece)
        place, blank = place + 1, ""
    return marks.rstrip()
