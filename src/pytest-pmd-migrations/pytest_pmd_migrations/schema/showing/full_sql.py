"""Show the full SQL of every object that differs, upgraded above fresh."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from pytest_pmd_migrations.messages.wording import width
from pytest_pmd_migrations.schema.compare import SchemaDiff
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.showing.carets import split_lines
from pytest_pmd_migrations.schema.showing.lines import UPGRADED
from pytest_pmd_migrations.schema.values import TABLES, Schema, SchemaObject

__all__ = ["full_sql"]

_SPARED = 4
_ONLY_HERE = "> "
_HAVE_STORED_SQL = ("table", "index", "view", "trigger")

Key = tuple[str, str]
Text = Sequence[Sequence[object]]


def full_sql(
    diff: SchemaDiff,
    schemas: tuple[Schema, Schema],
    texts: tuple[Text, Text],
    *,
    labels: Sequence[str] = UPGRADED,
) -> list[str]:
    """Return the lines of the stored SQL of every object that a difference is about.

    ``texts`` are the ``stored_text`` of both sides. A line that the other side lacks begins with
    ``>``. A line wider than 72 columns, or than a narrow terminal, is continued below; a token is
    never broken.
    """
    sides = [_statements(text) for text in texts]
    lines: list[str] = []
    for kind, name in _objects(diff, schemas, sides):
        found = [side.get((kind, fold(name))) for side in sides]
        lines.append(f"{kind} {name}")
        for label, sql, other in zip(labels, found, reversed(found), strict=True):
            lines.append(f"  {label}:{'' if sql else ' none'}")
            lines.extend(_indented(sql, other))
    return lines


def _statements(text: Text) -> Mapping[Key, str]:
    return {
        (str(row[0]), fold(str(row[1]))): str(row[3])
        for row in text
        if row[0] in _HAVE_STORED_SQL and row[3] is not None
    }


def _objects(
    diff: SchemaDiff, schemas: Sequence[Schema], sides: Sequence[Mapping[Key, str]]
) -> Iterator[Key]:
    """Yield each object with SQL of its own once; a column or constraint stands for its table."""
    seen: set[Key] = set()
    everything: dict[Key, SchemaObject] = {}
    for schema in schemas:
        for one in schema.objects:
            everything.setdefault((one.kind, fold(one.name)), one)
    for difference in diff.differences:
        found = everything.get((difference.kind, fold(difference.object)))
        if found is None:
            continue
        kind = "table" if found.kind in TABLES else found.kind
        names = [(kind, found.name) if kind in _HAVE_STORED_SQL else ("table", found.owner)]
        if kind == "table" and not difference.part:
            owned = (own for schema in schemas for own in schema.owned(found))
            names.extend((own.kind, own.name) for own in owned if own.kind in _HAVE_STORED_SQL)
        for name in names:
            key = name[0], fold(name[1])
            if key not in seen and any(key in side for side in sides):
                seen.add(key)
                yield name


def _indented(sql: str | None, other: str | None) -> Iterator[str]:
    """Yield the lines of one side's SQL, each with ``>`` if the other side lacks it."""
    others = {" ".join(line.split()) for line in (other or "").splitlines()}
    for line in _without_margin(sql or ""):
        margin = _ONLY_HERE if other and " ".join(line.split()) not in others else "  "
        text = line.strip()
        indent = " " * (len(line) - len(line.lstrip()))
        first, rest = f"    {margin}{indent}", f"    {margin}{indent}  "
        room = width() - _SPARED
        for start, end in split_lines(text, max(room - len(rest), room // 2)):
            yield f"{first}{text[start:end]}"
            first = rest


def _without_margin(sql: str) -> Iterator[str]:
    """Yield the lines of a statement without the indentation that all of them share."""
    first, _, rest = sql.partition("\n")
    yield first.strip()
    yield from textwrap.dedent(rest.expandtabs(4)).splitlines()
