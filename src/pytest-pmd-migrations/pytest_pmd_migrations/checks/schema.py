"""The check ``schema``: an upgraded database must have the schema of a fresh one, and a whole one.

Prevents the accident that tests of fresh databases never see: a released migration was edited,
and old databases keep a shape that no new one has. What both have broken alike is found by
``broken_references``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.reference_walk import Arrival
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.checks.blamed_differences import Blame, blames
from pytest_pmd_migrations.checks.broken_references import judge_references
from pytest_pmd_migrations.checks.lost_guards import GuardsWatcher, tell_lost_guards
from pytest_pmd_migrations.checks.model import (
    Check,
    Finding,
    LineageRecord,
    Note,
    Repeating,
    Row,
    Verdict,
)
from pytest_pmd_migrations.checks.release_of_differences import identity_of
from pytest_pmd_migrations.checks.sharing import shares_always
from pytest_pmd_migrations.messages.wording import counted, headline, wrap_text
from pytest_pmd_migrations.schema import SchemaDiff, read_schema

if TYPE_CHECKING:
    from pytest_pmd_migrations.schema.lost.guards import LostGuards

__all__ = ["ORDER_MATTERS", "SCHEMA"]

ORDER_MATTERS = (
    "INSERT without column names, and SELECT *, see the order. Where the application has neither:"
    ' migration_column_order = "ignore"'
)
"""What to do about another order of columns where nothing else differs."""


class _Differing(NamedTuple):
    """The differences from fresh at one version, and the full SQL of them."""

    diff: SchemaDiff
    details: tuple[str, ...]


class _Seen(NamedTuple):
    """One version of a lineage: how it differs from fresh, its references, the guards it lost.

    ``repeatable`` says that its schema has the very text of a fresh one, and that the step did
    nothing to references and guards.
    """

    differing: _Differing | None
    references: Arrival
    lost: tuple[LostGuards, ...]
    repeatable: bool


_Record = LineageRecord[_Seen]


def _watch(history: History) -> Callable[[Step], _Seen]:
    """Compare each step with fresh at that version and with what was before it."""
    versions = frozenset(history.application.versions)
    references, lost_guards = history.references.walk(), GuardsWatcher(history)
    repeated: int | None = None

    def observe(step: Step) -> _Seen:
        nonlocal repeated
        if repeated is not None:
            references.arrive_fresh(repeated)
            lost_guards.arrive_fresh(repeated)
            repeated = None
        arrival, lost = references.arrive(step.text, step.after), lost_guards(step)
        known = step.version in versions
        is_fresh = known and step.text == history.fresh.text(step.version)
        differing = _compare(history, step) if known and not is_fresh else None
        quiet = not (arrival.appeared or arrival.doubtful or lost)
        return _Seen(differing, arrival, lost, is_fresh and quiet)

    def repeat(version: int, seen: _Seen) -> _Seen:
        nonlocal repeated
        repeated = version
        return seen

    return Repeating(observe, lambda _, seen: seen.repeatable, repeat)


def _compare(history: History, step: Step) -> _Differing | None:
    """Return how a database differs from fresh at its version, None where it means the same."""
    upgraded = read_schema(step.conn)
    diff = history.difference(upgraded, step.version)
    if not diff:
        return None
    # What tells a difference is imported where there is one.
    from pytest_pmd_migrations.schema.showing.full_sql import full_sql

    schemas = upgraded, history.fresh.schema(step.version)
    texts = step.text, history.fresh.text(step.version)
    return _Differing(diff, tuple(full_sql(diff, schemas, texts)))


def _judge(history: History, row: Row, lineages: Sequence[_Record]) -> Verdict:
    """Judge one snapshot's lineage: against fresh, then its references, then guards it lost."""
    record = lineages[0]
    compared = _judge_differences(history, row, record)
    arrivals = {version: seen.references for version, seen in record.seen.items()}
    referred = judge_references(history, row, record.start, arrivals)
    lost = {version: seen.lost for version, seen in record.seen.items()}
    notes, used = tell_lost_guards(history, lost)
    return Verdict(
        (*referred.findings, *compared.findings),
        (*compared.notes, *referred.notes, *notes),
        (*compared.remarks, *referred.remarks),
        referred.used | used,
        record.last,
    )


def _judge_differences(history: History, row: Row, record: _Record) -> Verdict:
    """Compare one lineage with fresh; a variant need not equal fresh until it first does."""
    seen = record.seen.items()
    differing = {version: one.differing for version, one in seen if one.differing}
    if record.start.variant:
        return _judge_variant(history, row, record, differing)
    if not differing:
        return Verdict()
    return Verdict((_finding(history, row, record, differing),))


def _judge_variant(
    history: History, row: Row, record: _Record, differing: Mapping[int, _Differing]
) -> Verdict:
    known = history.application.versions
    stops = [v for v in (record.start.version, *record.reached) if v in known]
    joined = next((version for version in stops if version not in differing), None)
    if joined is None:
        return Verdict((_finding(history, row, record, differing),))
    later = {version: found for version, found in differing.items() if version > joined}
    if later:
        return Verdict((_finding(history, row, record, later),))
    joined_title = history.application.title(joined)
    remark = Note(row, f"same schema as fresh from {joined_title} on").showing_no_rows()
    return Verdict(remarks=(remark,))


def _finding(
    history: History, row: Row, record: _Record, differing: Mapping[int, _Differing]
) -> Finding:
    """Tell the differences at the last version that has any, each under the step that made it."""
    from pytest_pmd_migrations.schema.showing.lines import count_differences, diff_lines

    application = history.application
    diffs = {version: found.diff for version, found in differing.items()}
    shown = max(diffs)
    target = application.title(shown)
    diff = diffs[shown]
    only_order = diff.verdict == "order"
    parts = [
        (blame, replace(diff, differences=blame.differences))
        for blame in blames(history, (record.start.version, *record.reached), diffs)
    ]
    count = sum(count_differences(part) for _, part in parts)
    what = f"{counted(count, 'difference')} from fresh {target}"
    stored = shown == record.start.version
    start = f"stored {row.title}" if stored else f"{row.title} upgraded to {target}"
    lines: list[str] = []
    for blame, part in parts:
        lines.extend(("", *_blamed(history, record, blame), ""))
        lines.extend(f"  {line}" for line in diff_lines(part))
    if only_order:
        lines.extend(("", *wrap_text(ORDER_MATTERS, indent="  ")))
    if varying := _told_varying(history, shown, diff):
        lines.extend(("", *wrap_text(varying, indent="  ")))
    if shown != application.latest:
        lines.extend(("", f"  At {application.title(application.latest)} it equals fresh again."))
    for mend in dict.fromkeys(blame.release.mend for blame, _ in parts if blame.release):
        lines.extend(("", *mend))
    first = min(diffs)
    head = headline(f"{start}: {'another order of columns' if only_order else what}")
    things = frozenset((target, *identity_of(one)) for one in diff.differences)
    details = differing[shown].details
    return Finding(head, tuple(lines[1:]), first, details, things).showing_no_rows()


def _told_varying(history: History, version: int, diff: SchemaDiff) -> str:
    """Return what to say where two fresh databases differ too, else an empty text."""
    from pytest_pmd_migrations.application.varying_schema import (
        find_varying_schema,
        told_varying_schema,
    )

    return told_varying_schema(find_varying_schema(history, version, diff))


def _blamed(history: History, record: _Record, blame: Blame) -> Iterator[str]:
    """Yield the lines above differences: since when they stand, and which change made them."""
    application, version = history.application, blame.version
    where = f"after {application.step_name(version)}"
    if version == record.start.version:
        where = f"stored {application.start_title(record.start)}, before any step"
    yield f"  first differs: {where}"
    if blame.release is not None:
        yield from wrap_text(f"because {blame.release.what}", indent="  ")


SCHEMA = Check(
    "schema",
    "snapshot",
    _watch,
    _judge,
    reads=frozenset(("GUARDS", "DANGLING")),
    shares=shares_always,
)
