"""The whole SQL of what differs, upgraded above fresh, for those who ask for it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pytest_pmd_migrations.schema.compare import SchemaDiff
from pytest_pmd_migrations.schema.reading.tokens import fold
from pytest_pmd_migrations.schema.showing.carets import split_lines
from pytest_pmd_migrations.schema.showing.lines import UPGRADED
from pytest_pmd_migrations.schema.values import Schema

__all__ = ["whole_sql"]

_WIDTH = 72
_ONLY_HERE = "> "
_STANDING = ("table", "index", "view", "trigger")

Key = tuple[str, str]
Text = Sequence[Sequence[object]]


def whole_sql(
    diff: SchemaDiff,
    schemas: tuple[Schema, Schema],
    texts: tuple[Text, Text],
    *,
    labels: Sequence[str] = UPGRADED,
) -> list[str]:
    """Return the stored SQL of every object that a difference is about, of both sides.

    ``texts`` are what ``stored_text`` gives. A line that the other side has not begins with a
    mark; one wider than 72 columns is continued, and a token is never broken.
    """
    sides = [_statements(text) for text in texts]
    lines: list[str] = []
    for kind, name in _objects(diff, schemas, sides):
        found = [side.get((kind, fold(name))) for side in sides]
        lines.append(f"{kind} {name}")
        for label, sql, other in zip(labels, found, reversed(found), strict=True):
            lines.append(f"  {label}:{'' if sql else ' none'}")
            lines.extend(_marked(sql, other))
    return lines


def _statements(text: Text) -> Mapping[Key, str]:
    return {
        (str(row[0]), fold(str(row[1]))): str(row[3])
        for row in text
        if row[0] in _STANDING and row[3] is not None
    }


def _objects(
    diff: SchemaDiff, schemas: Iterable[Schema], sides: Sequence[Mapping[Key, str]]
) -> Iterator[Key]:
    """Yield each object that has SQL of its own, once; what belongs to a table leads to it."""
    seen: set[Key] = set()
    everything = [found for schema in schemas for found in schema.objects]
    for difference in diff.differences:
        for found in everything:
            if (found.kind, fold(found.name)) != (difference.kind, fold(difference.object)):
                continue
            kind = found.kind.removeprefix("virtual ")
            names = [(kind, found.name) if kind in _STANDING else ("table", found.owner)]
            if kind == "table" and not difference.part:
                names.extend(
                    (own.kind, own.name)
                    for own in everything
                    if own.kind in _STANDING and fold(own.owner) == fold(found.name)
                )
            for name in names:
                key = name[0], fold(name[1])
                if key not in seen and any(key in side for side in sides):
                    seen.add(key)
                    yield name
            break


def _marked(sql: str | None, other: str | None) -> Iterator[str]:
    there = {" ".join(line.split()) for line in (other or "").splitlines()}
    for line in _without_margin(sql or ""):
        mark = _ONLY_HERE if other and " ".join(line.split()) not in there else "  "
        text = line.strip()
        indent = " " * (len(line) - len(line.lstrip()))
        first, rest = f"    {mark}{indent}", f"    {mark}{indent}  "
        for start, end in split_lines(text, max(_WIDTH - len(rest), _WIDTH // 2)):
            yield f"{first}{text[start:end]}"
            first = rest


def _without_margin(sql: str) -> Iterator[str]:
    """Yield the lines of a statement without the indentation that the file gave to all of it."""
    first, _, rest = sql.partition("\n")
    yield first.strip()
    yield from textwrap.dedent(rest.expandtabs(4)).splitlines()
