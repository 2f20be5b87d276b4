"""The check ``again``: a step run a second time changes nothing.

Prevents the accident of a step that is not idempotent: a retry, or a second application that
opens the same file, doubles rows or leaves a half-changed schema.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from sqlite3 import Connection

from pytest_pmd_migrations.checks.migrations import reaching, unreached
from pytest_pmd_migrations.checks.model import Check, Finding, Observations, Verdict
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.lineage import Step
from pytest_pmd_migrations.rows import digest_tables, unchanged_rows
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.render import render
from pytest_pmd_migrations.sources.protocol import can_rerun, rerun, volatile_columns
from pytest_pmd_migrations.wording import counted, headline, wrap_text

__all__ = ["AGAIN"]


def _watch(history: History) -> Callable[[Step], tuple[str, ...]]:
    """Run each step a second time on a copy; the observation is what that changed, in lines."""

    def observe(step: Step) -> tuple[str, ...]:
        if step.before is None:
            return ()
        with closing(step.after.connect()) as conn:
            error = _rerun(history, conn, step.version)
            if conn.in_transaction:
                conn.rollback()
            changes = _changes(history, step, conn)
        if error is None or (not changes and not history.idempotent):
            return changes
        return (*wrap_text(f"it raised {type(error).__name__}: {error}"), *changes)

    return observe


def _rerun(history: History, conn: Connection, version: int) -> Exception | None:
    try:
        rerun(history.source, conn, version)
    except Exception as error:
        return error
    return None


def _changes(history: History, step: Step, conn: Connection) -> tuple[str, ...]:
    """Return what the second run changed, in lines; no lines when it changed nothing."""
    first, second = tuple(stored_text(step.conn)), tuple(stored_text(conn))
    lines: list[str] = []
    if first != second:
        diff = compare(
            read_schema(conn).without(history.ignore),
            read_schema(step.conn).without(history.ignore),
        )
        lines.extend(render(diff, labels=("second run", "first run")) if diff else ())
    if first == second and unchanged_rows(step.after.content, Image.of_connection(conn).content):
        return tuple(lines)
    volatile = volatile_columns(history.source)
    rows = [digest_tables(shown, volatile=volatile) for shown in (step.conn, conn)]
    lines.extend(
        _rows_line(table, step.conn, conn)
        for table in sorted(rows[0].keys() & rows[1].keys())
        if rows[0][table] != rows[1][table]
    )
    return tuple(lines)


def _rows_line(table: str, first: Connection, second: Connection) -> str:
    quoted = '"' + table.replace('"', '""') + '"'
    counts = [
        int(conn.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0])
        for conn in (first, second)
    ]
    if counts[0] == counts[1]:
        return f"table {table}: other values in its {counted(counts[0], 'row')}"
    return f"table {table}: {counted(counts[0], 'row')}, after the second run {counts[1]}"


def _judge(history: History, row: str, observations: Observations) -> Verdict:
    version = int(row)
    failed = unreached(history, version, observations)
    if failed is not None:
        return failed
    changed: dict[tuple[str, ...], list[str]] = {}
    for record in reaching(observations, version):
        lines = record.observations[AGAIN.name, version]
        if isinstance(lines, tuple) and lines:
            changed.setdefault(lines, []).append(record.label)
    if not changed:
        return Verdict()
    lines = [*wrap_text(f"Run a second time directly after itself, {_promise(history)}.")]
    for observed, labels in changed.items():
        lines.extend(("", *wrap_text(f"  upgraded from {', '.join(labels)}:", indent="  ")))
        lines.extend(f"    {line}" for line in observed)
    lines.extend(
        ("", "Make the step look before it changes: IF NOT EXISTS, OR IGNORE, WHERE ... IS NULL.")
    )
    name = history.file_name(version)
    return Verdict((Finding(headline(f"{name} is not idempotent"), tuple(lines), version),))


def _promise(history: History) -> str:
    if history.idempotent:
        return "a step must change nothing (migration_idempotent)"
    return "a step must change nothing, or raise and leave everything as it was"


AGAIN = Check("again", "migration", _watch, _judge, lambda history: can_rerun(history.source))
