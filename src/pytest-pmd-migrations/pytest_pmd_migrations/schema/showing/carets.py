"""Put carets below the tokens of two SQL texts that only one of them has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["TextWithCarets", "split_lines", "with_carets", "words"]

_CARET = "^"
_PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\s+|[\w$]+|.""", re.DOTALL)
_LARGEST = 1_000_000
"""With more pairs of tokens, all from the first to the last changed one gets carets."""


@dataclass(frozen=True)
class TextWithCarets:
    """A text, and the line of carets and blanks to print below it, empty without carets."""

    text: str
    carets: str = ""

    def lines(self, width: int) -> Iterator[TextWithCarets]:
        """Yield it in lines of at most ``width``; a longer token has a line of its own."""
        for start, end in split_lines(self.text, width):
            yield TextWithCarets(self.text[start:end], self.carets[start:end].rstrip())


def words(text: str) -> list[str]:
    """Return the tokens of a text; anything in quotes is one token."""
    return [piece for piece in _PIECE.findall(text) if not piece.isspace()]


def with_carets(
    one: str, other: str, *, leave_out: str = ""
) -> tuple[TextWithCarets, TextWithCarets]:
    """Return both texts with carets below the tokens that the other one lacks.

    There are no carets if the texts have no word in common. A token that is in ``leave_out`` never
    gets any.
    """
    tokens = words(one), words(other)
    compared = [[n for n, word in enumerate(side) if word not in leave_out] for side in tokens]
    ours, theirs = ([side[n] for n in kept] for side, kept in zip(tokens, compared, strict=True))
    changed: tuple[set[int], set[int]] = (set(), set())
    for tag, start, end, other_start, other_end in _opcodes(ours, theirs):
        if tag != "equal":
            changed[0].update(compared[0][start:end])
            changed[1].update(compared[1][other_start:other_end])
    common = (tokens[0][n] for n in compared[0] if n not in changed[0])
    if not any(word[0].isalnum() or len(word) > 1 for word in common):
        return TextWithCarets(one), TextWithCarets(other)
    return (
        TextWithCarets(one, _carets(one, changed[0])),
        TextWithCarets(other, _carets(other, changed[1])),
    )


def split_lines(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each line of a text; a token is never broken."""
    start = end = position = 0
    for piece in _PIECE.findall(text):
        position += len(piece)
        if not piece.isspace():
            if position - start > width and end > start and text[end].isspace():
                yield start, end
                start = position - len(piece)
            end = position if start < position else end
    if end > start:
        yield start, end


def _opcodes(
    ours: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield difflib's opcodes for two lists, without their common beginning and end."""
    shorter = min(len(ours), len(theirs))
    first = next((n for n in range(shorter) if ours[n] != theirs[n]), shorter)
    rest = shorter - first
    last = next((n for n in range(rest) if ours[-1 - n] != theirs[-1 - n]), rest)
    left, right = ours[first : len(ours) - last], theirs[first : len(theirs) - last]
    if len(left) * len(right) > _LARGEST:
        yield "replace", first, first + len(left), first, first + len(right)
        return
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        yield tag, first + start, first + end, first + other_start, first + other_end


def _carets(text: str, changed: set[int]) -> str:
    """Return carets below the tokens with these numbers and below the blanks between two."""
    carets, number, blank = "", 0, ""
    for piece in _PIECE.findall(text):
        if piece.isspace():
            blank = piece
            continue
        both = number in changed and number - 1 in changed
        carets += (_CARET if both else " ") * len(blank)
        carets += (_CARET if number in changed else " ") * len(piece)
        number, blank = number + 1, ""
    return carets.rstrip()
