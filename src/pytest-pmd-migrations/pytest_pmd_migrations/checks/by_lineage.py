"""Tell what was seen of one migration in several lineages: once where only numbers differ."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_pmd_migrations.messages.wording import folded_names, wrap_text

__all__ = ["Lines", "told_by_lineage"]

Lines = tuple[str, ...]
"""Lines of a message."""

_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")


def told_by_lineage(observed: Iterable[tuple[str, Lines]], *, indent: str) -> Lines:
    """Return the lines of a message about what was seen in each lineage.

    ``observed`` are the lineages' titles, in the order of their versions, each with its own lines,
    which get ``indent``.
    """
    alike: dict[Lines, dict[str, Lines]] = {}
    for title, lines in observed:
        kind = tuple(_NUMBER.sub("#", line) for line in lines)
        alike.setdefault(kind, {})[title] = lines
    told: list[str] = []
    for seen in alike.values():
        first = next(iter(seen))
        whose = f" (numbers of {first})" if len({*seen.values()}) > 1 else ""
        names = f"upgraded from {folded_names(list(seen))}{whose}:"
        told.extend(("", *wrap_text(names, indent="  ")))
        told.extend(f"{indent}{line}" for line in seen[first])
    return tuple(told)
