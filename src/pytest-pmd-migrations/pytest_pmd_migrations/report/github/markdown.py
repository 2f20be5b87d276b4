"""Write texts of strangers into Markdown so that they are shown and never obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pytest_pmd_migrations.messages.printable import printable_line

__all__ = ["as_text", "code", "fenced", "joined_within", "table"]

_FENCE = re.compile(r"`{3,}")
_PLAIN = " ,-"


def as_text(text: str) -> str:
    """Return a text as a part of a line: each character that could mean something by its number."""
    shown = printable_line(text).replace("\t", " ")
    return "".join(
        f"&#{ord(one)};" if one.isascii() and not one.isalnum() and one not in _PLAIN else one
        for one in shown
    )


def code(text: str) -> str:
    """Return a text as code within a line, also in a table."""
    return f"<code>{as_text(text)}</code>"


def fenced(lines: Iterable[str], language: str) -> str:
    """Return lines as a block that nothing in them ends."""
    body = "\n".join(map(printable_line, lines))
    longest = max(map(len, _FENCE.findall(body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table, the first row being its head; what stands in the cells is Markdown."""
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def joined_within(blocks: Iterable[str], size: int, instead: str) -> str:
    """Return as many whole blocks as fit into ``size`` bytes, an empty line between them.

    Where some are left out, ``instead`` follows those before the first of them; nothing is returned
    where there is no room for that either.
    """
    room = size - len(f"{instead}\n\n".encode())
    if room < 0:
        return ""
    taken: list[str] = []
    for block in blocks:
        room -= len(f"{block}\n\n".encode())
        if room < 0:
            taken.append(instead)
            break
        taken.append(block)
    return "".join(f"{block}\n\n" for block in taken)
