"""A database reduced to what faults must not change: version, schema, rows, high-water marks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.rows import digest_tables
from pytest_pmd_migrations.rows.matching.exact_rows import Value, exact_rows
from pytest_pmd_migrations.rows.substitute_names import nameable_image, with_substitutes
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.name_globs import matches_any
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["DatabaseState", "differing_lines", "read_state"]

_LABELS = ("found", "expected")


class DatabaseState(NamedTuple):
    """A database at ``version``: its schema as text, a digest of each table's rows, its image."""

    version: int
    schema_text: tuple[tuple[object, ...], ...]
    rows: Mapping[str, str]
    image: Image


def read_state(
    conn: sqlite3.Connection,
    source: Source,
    *,
    ignore: Sequence[str],
    volatile: Sequence[str] = (),
    image: Image | None = None,
) -> DatabaseState:
    """Return the state that ``conn`` shows; ``image`` is given where it is known already."""
    return DatabaseState(
        current_version(source, conn),
        stored_text(conn),
        {
            **digest_tables(conn, volatile=volatile, ignore=ignore),
            **_high_water_marks(conn, ignore),
        },
        image or Image.of_connection(conn),
    )


def differing_lines(
    found: DatabaseState, expected: DatabaseState, *, ignore: Sequence[str]
) -> Iterator[str]:
    """Yield a line for every part of ``found`` that is not as expected."""
    if found.schema_text != expected.schema_text:
        with closing(found.image.connect()) as there, closing(expected.image.connect()) as wanted:
            diff = compare(read_schema(there).without(ignore), read_schema(wanted).without(ignore))
        # Only of what a fault broke.
        from pytest_pmd_migrations.schema.showing.lines import diff_lines

        yield from diff_lines(diff, labels=_LABELS)
    for table in sorted(found.rows.keys() & expected.rows.keys()):
        if found.rows[table] != expected.rows[table]:
            yield _differing_rows(table, found.image, expected.image)


def _high_water_marks(conn: sqlite3.Connection, ignore: Sequence[str]) -> Mapping[str, str]:
    """Return AUTOINCREMENT's high-water marks: no id is given out twice, whatever struck."""
    try:
        rows = [*exact_rows(conn, "SELECT name, seq FROM sqlite_sequence ORDER BY name")]
    except sqlite3.OperationalError:
        return {}
    return {"sqlite_sequence": repr([row for row in rows if not _hidden(row[0], ignore)])}


def _hidden(name: Value, ignore: Sequence[str]) -> bool:
    return isinstance(name, tuple) and matches_any(_text(name[1]), ignore)


def _text(content: bytes | float) -> str:
    return content.decode(errors="replace") if isinstance(content, bytes) else str(content)


def _differing_rows(table: str, found: Image, expected: Image) -> str:
    counts = []
    for image in (found, expected):
        with closing(nameable_image(image).connect()) as conn:
            sql = f"SELECT count(*) FROM {quote(with_substitutes(table))}"
            counts.append(int(conn.execute(sql).fetchone()[0]))
    if counts[0] == counts[1]:
        return f"table {table} has other values in its {counted(counts[0], 'row')}"
    return f"table {table} has {counts[0]} of {counted(counts[1], 'row')}"
