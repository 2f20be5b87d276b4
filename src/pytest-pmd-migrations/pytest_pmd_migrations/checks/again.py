"""The check ``again``: a step and the runner, run a second time, must change nothing.

Prevents the accident of a step that is not idempotent: a retry, or a second application that
opens the same file, doubles rows or leaves a half-changed schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.by_lineage import Lines, told_by_lineage
from pytest_pmd_migrations.checks.model import (
    Check,
    Finding,
    LineageRecord,
    Note,
    Row,
    Verdict,
)
from pytest_pmd_migrations.checks.reached import reaching
from pytest_pmd_migrations.checks.second_run_watcher import SecondRun, watch_second_runs
from pytest_pmd_migrations.checks.sharing import shares_always
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.rows.suggested_declaration import excuse
from pytest_pmd_migrations.sources.abilities import can_rerun

__all__ = ["AGAIN"]


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[SecondRun]]) -> Verdict:
    version = row.version
    runner: list[tuple[str, Lines]] = []
    step: list[tuple[str, Lines]] = []
    for record in reaching(lineages, version):
        second = record.seen[version]
        if not (second.runner or second.step):
            continue
        for changed, seen in ((second.runner, runner), (second.step, step)):
            if changed:
                seen.append((history.application.start_title(record.start), changed))
    of_runner = tuple(_runner_finding(history, version, runner))
    of_step = tuple(_step_finding(history, version, step))
    if of_step:
        excused = history.application.declarations(version).excuse("AGAIN")
        if excused is not None:
            return Verdict(of_runner, used=frozenset({(version, excused)}))
    findings = (*of_runner, *of_step)
    return Verdict(findings, () if findings else tuple(_unheld_notes(history, row, lineages)))


def _unheld_notes(
    history: History, row: Row, lineages: Sequence[LineageRecord[SecondRun]]
) -> Iterator[Note]:
    """Yield a note where a step asks a clock or dice that nobody can hold."""
    seen = [record.seen[row.version].unheld for record in reaching(lineages, row.version)]
    columns = list(dict.fromkeys(column for unheld in seen for column in unheld.columns))
    if columns:
        # Few steps ask for a clock or dice.
        from pytest_pmd_migrations.application.varying_step import drawn_by_schema
        from pytest_pmd_migrations.schema.drawn_values import in_parentheses

        globs = list(dict.fromkeys(glob for unheld in seen for glob in unheld.globs))
        schema = history.fresh.schema(row.version)
        drawn = drawn_by_schema(history, row.version, schema, columns)
        why = in_parentheses(drawn)
        text = f"other values in each run, not compared: {', '.join(columns)}{why}"
        yield Note(row, text, history.rules.volatile_line(globs)).showing_no_rows()


def _runner_finding(
    history: History, version: int, changed: Sequence[tuple[str, Lines]]
) -> Iterator[Finding]:
    lines = told_by_lineage(changed, indent="    ")
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
            without_rows=(headline(f"the runner does not rest at {title}"),),
        )


def _step_finding(
    history: History, version: int, changed: Sequence[tuple[str, Lines]]
) -> Iterator[Finding]:
    lines = told_by_lineage(changed, indent="    ")
    if lines:
        name = history.application.step_name(version)
        declaration = excuse("AGAIN", found=f"{name} is not idempotent")
        table = history.application.declaration_table(version)
        yield Finding(
            headline(f"{name} is not idempotent"),
            (
                *wrap_text(f"Run a second time directly after itself, {_promise(history)}."),
                *lines,
                "",
                "Make the step look before it changes:",
                "  IF NOT EXISTS, OR IGNORE, WHERE ... IS NULL",
                *declaration.lines(table),
            ),
            version,
            declarable=(declaration,),
            without_rows=(headline(f"{name} is not idempotent"),),
        )


def _promise(history: History) -> str:
    if history.rules.idempotent:
        return "a step must change nothing (migration_idempotent)"
    return "a step must change nothing, or raise and leave everything as it was"


AGAIN = Check(
    "again",
    "migration",
    watch_second_runs,
    _judge,
    applies=lambda history: can_rerun(history.application.source),
    reads=frozenset(("AGAIN",)),
    shares=shares_always,
)
