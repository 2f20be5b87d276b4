"""The check ``again``: a step and the runner, run a second time, must change nothing.

Prevents the accident of a step that is not idempotent: a retry, or a second application that
opens the same file, doubles rows or leaves a half-changed schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from sqlite3 import Connection

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import Step
from pytest_pmd_migrations.checks.model import Check, Finding, LineageRecord, Row, Verdict
from pytest_pmd_migrations.checks.reached import reaching
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import LimitedRun
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows import digest_tables, same_content, unchanged_rows
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.showing.lines import diff_lines
from pytest_pmd_migrations.snapshots.names import FRESH
from pytest_pmd_migrations.sources.protocol import can_rerun, rerun, volatile_columns
from pytest_pmd_migrations.wording import counted, error_text, headline, wrap_text

__all__ = ["AGAIN"]

Lines = tuple[str, ...]


@dataclass(frozen=True)
class _SecondRun:
    """Tells in lines what a second run changed: of the runner as a whole, and of the step alone."""

    runner: Lines = ()
    step: Lines = ()


def _watch(history: History) -> Callable[[Step], _SecondRun]:
    """Run each step a second time on a copy: first as an application opens its file again."""
    source = history.application.source
    limits = history.step_limits(FRESH)

    def observe(step: Step) -> _SecondRun:
        if step.before is None:
            return _SecondRun()
        with closing(step.after.connect()) as conn:
            runner = _run(
                history,
                step,
                conn,
                LimitedRun(conn, limits, ("runner", step.version)),
                lambda: source.upgrade(conn, step.version),
                insist=True,
            )
            if runner:
                return _SecondRun(runner=runner)
            again = _run(
                history,
                step,
                conn,
                LimitedRun(conn, limits, ("step", step.version)),
                lambda: rerun(source, conn, step.version),
                insist=history.rules.idempotent,
            )
            return _SecondRun(step=again)

    return observe


def _run(
    history: History,
    step: Step,
    conn: Connection,
    limited: LimitedRun,
    run: Callable[[], None],
    *,
    insist: bool,
) -> Lines:
    """Return what ``run`` changed, in lines; an error too, if it changed anything or ``insist``."""
    error: BaseException | None = None
    try:
        with limited:
            run()
    except KeyboardInterrupt:
        raise
    except BaseException as raised:
        error = raised
    if limited.stopped:
        return wrap_text(f"it {limited.stopped.what}. {limited.stopped.advice}")
    if conn.in_transaction:
        # After an error the open transaction is lost when the file is closed. Without one, the
        # runner meant to keep its changes.
        (conn.rollback if error else conn.commit)()
    changes = _changes(history, step, conn)
    if error is None or not (changes or insist):
        return changes
    return (*wrap_text(f"it raised {error_text(error)}"), *changes)


def _changes(history: History, step: Step, conn: Connection) -> tuple[str, ...]:
    """Return what the second run changed, in lines; no lines when it changed nothing."""
    content = Image.of_connection(conn).content
    if same_content(step.after.content, content):
        return ()
    first, second = step.text, stored_text(conn)
    lines: list[str] = []
    if first != second:
        diff = compare(
            history.rules.visible(read_schema(conn)),
            history.rules.visible(read_schema(step.conn)),
        )
        lines.extend(diff_lines(diff, labels=("second run", "first run")) if diff else ())
    if first == second and unchanged_rows(step.after.content, content):
        return ()
    volatile = volatile_columns(history.application.source)
    rows = [
        digest_tables(shown, volatile=volatile, ignore=history.rules.ignore_patterns)
        for shown in (step.conn, conn)
    ]
    lines.extend(
        _rows_line(table, step.conn, conn)
        for table in sorted(rows[0].keys() & rows[1].keys())
        if rows[0][table] != rows[1][table]
    )
    return tuple(lines)


def _rows_line(table: str, first: Connection, second: Connection) -> str:
    counts = [
        int(conn.execute(f"SELECT count(*) FROM {quote(table)}").fetchone()[0])
        for conn in (first, second)
    ]
    if counts[0] == counts[1]:
        return f"table {table}: other values in its {counted(counts[0], 'row')}"
    return f"table {table}: {counted(counts[0], 'row')}, after the second run {counts[1]}"


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[_SecondRun]]) -> Verdict:
    version = row.version
    runner: dict[Lines, list[str]] = {}
    step: dict[Lines, list[str]] = {}
    for record in reaching(lineages, version):
        second = record.seen[version]
        start = history.application.start_title(record.start)
        runner.setdefault(second.runner, []).append(start)
        step.setdefault(second.step, []).append(start)
    return Verdict(
        (*_runner_finding(history, version, runner), *_step_finding(history, version, step))
    )


def _runner_finding(
    history: History, version: int, changed: dict[Lines, list[str]]
) -> Iterator[Finding]:
    lines = _evidence(changed)
    if lines:
        title = history.application.title(version)
        yield Finding(
            headline(f"the runner does not rest at {title}"),
            (
                *wrap_text(
                    f"Called a second time, to bring a database from {title} to {title}, it must"
                    " change nothing and raise nothing: so does every application that is"
                    " started twice."
                ),
                *lines,
                "",
                *wrap_text("Make it read the version first, and stop where there is no step."),
            ),
            version,
            things=frozenset({("the runner does not rest",)}),
        )


def _step_finding(
    history: History, version: int, changed: dict[Lines, list[str]]
) -> Iterator[Finding]:
    lines = _evidence(changed)
    if lines:
        yield Finding(
            headline(f"{history.application.step_name(version)} is not idempotent"),
            (
                *wrap_text(f"Run a second time directly after itself, {_promise(history)}."),
                *lines,
                "",
                "Make the step look before it changes:",
                "  IF NOT EXISTS, OR IGNORE, WHERE ... IS NULL",
            ),
            version,
        )


def _evidence(changed: dict[Lines, list[str]]) -> Lines:
    lines: list[str] = []
    for observed, starts in changed.items():
        if observed:
            lines.extend(("", *wrap_text(f"upgraded from {', '.join(starts)}:", indent="  ")))
            lines.extend(f"    {line}" for line in observed)
    return tuple(lines)


def _promise(history: History) -> str:
    if history.rules.idempotent:
        return "a step must change nothing (migration_idempotent)"
    return "a step must change nothing, or raise and leave everything as it was"


AGAIN = Check(
    "again",
    "migration",
    _watch,
    _judge,
    applies=lambda history: can_rerun(history.application.source),
)
