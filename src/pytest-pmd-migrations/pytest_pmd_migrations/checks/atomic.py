"""The check ``atomic``: a step that is struck must leave the old database or the new one.

Prevents the accident that costs a user the only copy of their data: a migration that is killed,
interrupted or fails half-way leaves a database that neither the old nor the new program can use.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.databases_before import databases_before
from pytest_pmd_migrations.checks.model import (
    Check,
    FaultCounts,
    Finding,
    LineageRecord,
    Note,
    Row,
    Verdict,
)
from pytest_pmd_migrations.faults import (
    DEFAULT_KINDS,
    MOST_HUNG,
    Case,
    Kind,
    Mode,
    StruckPoint,
    TriedFaults,
    try_faults,
)
from pytest_pmd_migrations.faults.wording import advice, counts, describe, untried_words
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.pages.unchanged_rows import same_content
from pytest_pmd_migrations.processes.long_work import part_of_work
from pytest_pmd_migrations.snapshots.names import FRESH
from pytest_pmd_migrations.sources.abilities import can_be_killed
from pytest_pmd_migrations.sources.atomic_advice import atomic_advice_of
from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["ATOMIC"]


_OF_A_RUN = 1_000_000
"""Bytes that a fault takes as long for as it takes whatever the database is."""


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[None]]) -> Verdict:
    version = row.version
    source, before = history.application.source, history.application.before(version)
    full = history.rules.faults == "full"
    modes: tuple[Mode, ...] = ("rollback", "wal") if full else ("rollback",)
    wanted = kinds_tried(source, full=full)
    kinds = [kind for kind in wanted if not kind.lacking]
    found: list[tuple[str, StruckPoint]] = []
    most_hung = MOST_HUNG
    cases = [
        Case(
            source,
            start.image,
            before,
            version,
            start.name,
            mode,
            history.rules.ignore_patterns,
            volatile_setting=history.rules.volatile_patterns,
            limits=history.step_limits(FRESH),
            share=history.rules.share,
        )
        for start in databases_before(history, version, lineages)
        for mode in modes
    ]
    sizes = [case.before.size + _OF_A_RUN for case in cases]
    done: list[tuple[Case, TriedFaults]] = []
    for number, case in enumerate(cases, start=1):
        with part_of_work(number - 1, sizes):
            tried = _as_another(case, done) or try_faults(case, kinds, most_hung=most_hung)
        done.append((case, tried))
        found.extend((case.database_name, struck) for struck in tried.struck)
        most_hung -= sum(struck.hung for struck in tried.struck)
        if not most_hung:
            untried = untried_words(tried.untried, len(cases) - number)
            return _verdict(history, row, found, wanted, untried)
    return _verdict(history, row, found, wanted)


def kinds_tried(source: Source, *, full: bool) -> Sequence[Kind]:
    """Return the kinds of fault that a run tries on a source's migrations."""
    if can_be_killed(source):
        from pytest_pmd_migrations.faults.kinds.kill_command import KillCommand

        return (KillCommand(),)
    if not full:
        return DEFAULT_KINDS
    from pytest_pmd_migrations.faults import KINDS

    return KINDS


def _as_another(case: Case, done: Sequence[tuple[Case, TriedFaults]]) -> TriedFaults | None:
    """Return what was found on the same database under another name, None where it was not tried.

    A point that hung is tried again: the machine may have been busy.
    """
    for other, tried in done if case.share else ():
        same = case.mode == other.mode and same_content(case.before.content, other.before.content)
        if same and not any(struck.hung for struck in tried.struck):
            return tried
    return None


def _verdict(
    history: History,
    row: Row,
    found: Sequence[tuple[str, StruckPoint]],
    wanted: Sequence[Kind],
    untried: str = "",
) -> Verdict:
    every = [struck for _, struck in found]
    hit = [struck for struck in every if struck.left != "missed"]
    tried = FaultCounts(len(hit), sum(struck.broken for struck in hit))
    broken = next(((name, struck) for name, struck in found if struck.broken), None)
    if broken is None:
        text = counts(every)
        for kind in wanted:
            if kind.lacking:
                text += f"; {kind.name} left out: {kind.lacking}"
        return Verdict(remarks=(Note(row, text).showing_no_rows(),), faults=tried)
    name, struck = broken
    mends = advice(struck, atomic_advice_of(history.application.source, row.version))
    lines = (
        *describe(struck, name),
        "",
        *wrap_text(counts(every)),
        *(wrap_text(untried) if untried else ()),
        "",
        *mends,
    )
    word = struck.point.kind
    file = history.application.step_name(row.version)
    head = headline(f"{file} is not atomic: {struck.left} by {word}")
    # What is left of every step in the same way is the runner's doing.
    things = frozenset({(struck.left, word, *mends)})
    # Statements and differences may have values of rows.
    public = (head, *wrap_text(counts(every)), "", *mends)
    finding = Finding(head, lines, row.version, things=things, without_rows=public)
    return Verdict((finding,), faults=tried)


ATOMIC = Check("atomic", "migration", None, _judge)
