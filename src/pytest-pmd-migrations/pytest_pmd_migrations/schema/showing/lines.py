"""Turn a schema difference into lines for a terminal, one fact a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.wording import width
from pytest_pmd_migrations.schema.compare import Difference, SchemaDiff
from pytest_pmd_migrations.schema.showing.carets import TextWithCarets, with_carets
from pytest_pmd_migrations.schema.showing.paired import paired
from pytest_pmd_migrations.schema.values import ORDER

__all__ = ["UPGRADED", "count_differences", "diff_lines"]

UPGRADED = ("upgraded", "fresh")
_SPARED = 4
_INDENT = 19
_OUTER = 4
_ROOMY = 52
_SPACED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|(?<=\() | (?=[),;])|(?<=\.) | (?=\.)""")


def count_differences(diff: SchemaDiff) -> int:
    """Return how many differences ``diff_lines`` shows."""
    return len(paired(diff.differences))


def diff_lines(diff: SchemaDiff, *, labels: Sequence[str] = UPGRADED) -> list[str]:
    """Return the lines that show ``diff``, at most 72 columns wide; none if it is empty.

    ``labels`` name the two sides. Carets stand below the tokens of two values that only one has,
    unless the values have nothing in common. Mends are shown for upgraded against fresh only. In a
    narrow terminal lines are as short as it needs, and heads stand above their texts.
    """
    shows_mends = tuple(labels) == UPGRADED
    differences = paired(diff.differences)
    lines: list[str] = []
    for number, difference in enumerate(differences):
        before = differences[number - 1] if number else None
        after = differences[number + 1] if number + 1 < len(differences) else None
        repeated = before is not None and _same_object(before, difference)
        lines.extend(_lines(difference, labels, repeated=repeated))
        shown_later = (
            after is not None and _same_object(after, difference) and after.mend == difference.mend
        )
        if shows_mends and difference.mend and not shown_later:
            lines.extend(_mend_lines(difference.mend))
    return lines


def _width() -> int:
    return width() - _SPARED


def _indent() -> int:
    """Return the columns before what stands behind a head, or below it in a narrow terminal."""
    return _INDENT if _width() >= _ROOMY else 2


def _same_object(one: Difference, other: Difference) -> bool:
    return (one.kind, one.object) == (other.kind, other.object)


def _lines(difference: Difference, labels: Sequence[str], *, repeated: bool) -> Iterator[str]:
    """Yield the lines of one difference; ``repeated`` if the one before is of the same object."""
    what = _tidy(f"{difference.kind} {difference.object}")
    if not difference.part:
        here = labels[0] if difference.fresh is None else labels[1]
        value = difference.upgraded if difference.fresh is None else difference.fresh
        yield from _headed(f"only in {here}", f"{what} {_tidy(value or '')}".rstrip())
        return
    one, other = with_carets(
        _tidy(str(difference.upgraded)),
        _tidy(str(difference.fresh)),
        leave_out="," if difference.part == ORDER else "",
    )
    if difference.part == ORDER:
        yield from _headed("order", f"columns of {_tidy(difference.object)}")
        yield from _sides(labels, one, other)
        return
    if not repeated:
        yield from _headed("different", what)
    indent = " " * _indent()
    line = f"{indent}{difference.part}    {labels[0]}: {one.text}    {labels[1]}: {other.text}"
    if len(line) <= _width() and not (one.carets or other.carets):
        yield line
        return
    yield f"{indent}{difference.part}"
    yield from _sides(labels, one, other)


def _sides(labels: Sequence[str], one: TextWithCarets, other: TextWithCarets) -> Iterator[str]:
    """Yield both values, one below the other, indented less if they need several lines."""
    head = max(map(len, labels)) + 2
    longest = max(len(one.text), len(other.text))
    inner = _indent() + 2
    indent = inner if inner + head + longest <= _width() else _OUTER
    for label, value in zip(labels, (one, other), strict=True):
        first = " " * indent + f"{label}:".ljust(head)
        for line in value.lines(_width() - indent - head):
            yield f"{first}{line.text}"
            if line.carets:
                yield " " * (indent + head) + line.carets
            first = " " * (indent + head)


def _mend_lines(mend: str) -> Iterator[str]:
    """Yield how to mend: on the line itself, or on lines of their own that can be copied."""
    mend = printable_line(mend)
    line = f"{' ' * _indent()}mend: {mend}"
    if len(line) <= _width():
        yield line
        return
    yield f"{' ' * _indent()}mend:"
    for part in TextWithCarets(mend).lines(_width() - _OUTER):
        yield f"{' ' * _OUTER}{part.text}"


def _headed(head: str, text: str) -> Iterator[str]:
    """Yield a text with a head on the left of its first line."""
    first = (head if len(head) < _INDENT else f"{head} ").ljust(_INDENT)
    if _indent() < _INDENT:
        yield head
        first = " " * _indent()
    for line in TextWithCarets(text).lines(_width() - len(first)):
        yield f"{first}{line.text}"
        first = " " * len(first)


def _tidy(text: str) -> str:
    """Remove the spaces between tokens that nobody writes, except in quotes.

    Control characters, which could end the line, are shown as Python writes them, a tab too.
    """
    tidy = _SPACED.sub(lambda match: match[1] or "", text)
    return printable_line(tidy).replace("\t", "\\t")
