"""A schema difference as lines for a terminal, one fact a line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.schema.compare import Difference, SchemaDiff
from pytest_pmd_migrations.schema.values import ORDER

__all__ = ["render"]

UPGRADED = ("upgraded", "fresh")
_WIDTH = 72
_INDENT = 19
_SPACED = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|(?<=\() | (?=[),;])|(?<=\.) | (?=\.)""")


def render(diff: SchemaDiff, *, labels: Sequence[str] = UPGRADED) -> list[str]:
    """Return the lines that tell ``diff``, at most 72 columns wide; none when it is equal.

    ``labels`` name the two sides. How to mend is told for upgraded against fresh only.
    """
    mended = tuple(labels) == UPGRADED
    lines: list[str] = []
    for place, difference in enumerate(diff.differences):
        before = diff.differences[place - 1] if place else None
        after = diff.differences[place + 1 : place + 2]
        repeated = before is not None and _same_object(before, difference)
        lines.extend(_lines(difference, labels, repeated=repeated))
        more = bool(after) and _same_object(after[0], difference)
        if mended and difference.mend and not (more and after[0].mend == difference.mend):
            lines.extend(_wrapped(f"mend: {difference.mend}"))
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
    if difference.part == ORDER:
        yield from _headed("order", f"columns of {difference.object}")
        for label, value in zip(labels, (difference.upgraded, difference.fresh), strict=True):
            yield from _wrapped(f"{label}: {value}")
        return
    if not repeated:
        yield from _headed("different", what)
    one = _tidy(f"{labels[0]}: {difference.upgraded}")
    other = _tidy(f"{labels[1]}: {difference.fresh}")
    line = f"{difference.part}    {one}    {other}"
    if len(line) <= _WIDTH - _INDENT:
        yield from _wrapped(line)
        return
    yield from _wrapped(difference.part)
    yield from _wrapped(one, deeper=2)
    yield from _wrapped(other, deeper=2)


def _tidy(text: str) -> str:
    """Take out the spaces that nobody writes between tokens; what is quoted stays as it is."""
    return _SPACED.sub(lambda match: match[1] or "", text)


def _headed(head: str, text: str) -> Iterator[str]:
    head = head if len(head) < _INDENT else f"{head} "
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head.ljust(_INDENT),
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _wrapped(text: str, *, deeper: int = 0) -> Iterator[str]:
    indent = " " * (_INDENT + deeper)
    if len(indent + text) <= _WIDTH:
        yield indent + text
        return
    yield from textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
