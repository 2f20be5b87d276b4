"""A schema difference as lines for a terminal, one fact a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.schema.compare import Difference, SchemaDiff
from pytest_pmd_migrations.schema.showing.carets import Marked, mark_changes
from pytest_pmd_migrations.schema.showing.paired import paired
from pytest_pmd_migrations.schema.values import ORDER

__all__ = ["UPGRADED", "count_differences", "render"]

UPGRADED = ("upgraded", "fresh")
_WIDTH = 72
_INDENT = 19
_OUTER = 4
_SPACED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|(?<=\() | (?=[),;])|(?<=\.) | (?=\.)""")
_VISIBLE = {code: repr(chr(code))[1:-1] for code in (*range(32), 127)}


def count_differences(diff: SchemaDiff) -> int:
    """Return how many differences :func:`render` tells."""
    return len(paired(diff.differences))


def render(diff: SchemaDiff, *, labels: Sequence[str] = UPGRADED) -> list[str]:
    """Return the lines that tell ``diff``, at most 72 columns wide; none when it is equal.

    ``labels`` name the two sides. Where two values have something in common, marks stand below
    what they have not. How to mend is told for upgraded against fresh only.
    """
    mended = tuple(labels) == UPGRADED
    differences = paired(diff.differences)
    lines: list[str] = []
    for place, difference in enumerate(differences):
        before = differences[place - 1] if place else None
        after = differences[place + 1] if place + 1 < len(differences) else None
        repeated = before is not None and _same_object(before, difference)
        lines.extend(_lines(difference, labels, repeated=repeated))
        told_later = (
            after is not None and _same_object(after, difference) and after.mend == difference.mend
        )
        if mended and difference.mend and not told_later:
            lines.extend(_mend(difference.mend))
    return lines


def _same_object(one: Difference, other: Difference) -> bool:
    return (one.kind, one.object) == (other.kind, other.object)


def _lines(difference: Difference, labels: Sequence[str], *, repeated: bool) -> Iterator[str]:
    what = _tidy(f"{difference.kind} {difference.object}")
    if not difference.part:
        here = labels[0] if difference.fresh is None else labels[1]
        value = difference.upgraded if difference.fresh is None else difference.fresh
        yield from _headed(f"only in {here}", f"{what} {_tidy(value or '')}".rstrip())
        return
    one, other = mark_changes(
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
    indent = " " * _INDENT
    line = f"{indent}{difference.part}    {labels[0]}: {one.text}    {labels[1]}: {other.text}"
    if len(line) <= _WIDTH and not (one.marks or other.marks):
        yield line
        return
    yield f"{indent}{difference.part}"
    yield from _sides(labels, one, other)


def _sides(labels: Sequence[str], one: Marked, other: Marked) -> Iterator[str]:
    """Yield both values, one below the other: further out where they would need several lines."""
    head = max(map(len, labels)) + 2
    longest = max(len(one.text), len(other.text))
    indent = _INDENT + 2 if _INDENT + 2 + head + longest <= _WIDTH else _OUTER
    for label, value in zip(labels, (one, other), strict=True):
        first = " " * indent + f"{label}:".ljust(head)
        for line in value.lines(_WIDTH - indent - head):
            yield f"{first}{line.text}"
            if line.marks:
                yield " " * (indent + head) + line.marks
            first = " " * (indent + head)


def _mend(mend: str) -> Iterator[str]:
    """Yield what mends it: in one line, or whole lines below, so that they can be copied."""
    line = f"{' ' * _INDENT}mend: {mend}"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"{' ' * _INDENT}mend:"
    for part in Marked(mend).lines(_WIDTH - _OUTER):
        yield f"{' ' * _OUTER}{part.text}"


def _headed(head: str, text: str) -> Iterator[str]:
    first = (head if len(head) < _INDENT else f"{head} ").ljust(_INDENT)
    for line in Marked(text).lines(_WIDTH - len(first)):
        yield f"{first}{line.text}"
        first = " " * len(first)


def _tidy(text: str) -> str:
    """Take out the spaces that nobody writes between tokens; what is quoted stays as it is.

    A character that would end the line is shown as Python writes it.
    """
    return _SPACED.sub(lambda match: match[1] or "", text).translate(_VISIBLE)
