"""The part of the check ``schema`` about references: what names something that does not exist.

Prevents the accident that fresh and upgraded databases share, so that no comparison shows it: a
rebuild that renames the old table away takes every view, trigger and foreign key along, and then
drops what they name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.reference_walk import Arrival
from pytest_pmd_migrations.checks.model import (
    Finding,
    MigrationRow,
    Note,
    Row,
    UsedDeclaration,
    Verdict,
)
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.wording import headline, width, wrap_text
from pytest_pmd_migrations.rows.suggested_declaration import SuggestedDeclaration, excuse
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.references.values import Broken
from pytest_pmd_migrations.snapshots.names import Start, format_version
from pytest_pmd_migrations.sources.declared.written_declarations import in_quotes

__all__ = ["judge_references"]

_RENAME_LAST = (
    "A RENAME takes every view, trigger and foreign key along. So rename last: CREATE the new table"
    " under another name, copy, DROP the old one, RENAME the new one."
)
_MEND = 4


def judge_references(
    history: History, row: Row, start: Start, arrivals: Mapping[int, Arrival]
) -> Verdict:
    """Judge what became of the references on the way of the lineage that begins at ``start``.

    What was broken in a fresh database before the snapshot's version is told under the step that
    broke it; what only the stored database has broken is no step's fault.
    """
    earlier = [v for v in history.application.versions if v <= start.version]
    fresh = history.references.of_fresh([] if start.variant else earlier)
    steps = {**fresh, **{v: one for v, one in arrivals.items() if v != start.version}}
    last = [*arrivals.values()][-1]
    verdicts = [
        _of_step(history, version, arrival, last)
        for version, arrival in steps.items()
        if arrival.appeared or arrival.doubtful
    ]
    stored = arrivals[start.version]
    notes, remarks = _as_stored(row, stored, last, fresh.get(start.version, Arrival()))
    unsure = dict.fromkeys(one for arrival in arrivals.values() for one in arrival.unsure)
    return Verdict(
        tuple(one for verdict in verdicts for one in verdict.findings),
        (*notes, *(one for verdict in verdicts for one in verdict.notes)),
        (*remarks, *(Note(row, str(one)).showing_no_rows() for one in unsure)),
        frozenset[UsedDeclaration]().union(*(verdict.used for verdict in verdicts)),
    )


def _as_stored(
    row: Row, stored: Arrival, last: Arrival, fresh: Arrival
) -> tuple[list[Note], list[Note]]:
    """Return notes about what is broken as stored; remarks where a step has mended it."""
    own = [one for one in stored.present if not _is_in(one, fresh)]
    notes = [Note(row, f"{one}, as stored").showing_no_rows() for one in own if _is_in(one, last)]
    remarks = [
        Note(row, f"{one}, as stored").showing_no_rows() for one in own if not _is_in(one, last)
    ]
    return notes, remarks


def _of_step(history: History, version: int, arrival: Arrival, last: Arrival) -> Verdict:
    """Judge what one step broke; its migration may excuse it by DANGLING."""
    declarations = history.application.declarations(version)
    used: set[UsedDeclaration] = set()

    def unexcused(found: Sequence[Broken]) -> list[Broken]:
        left = []
        for one in found:
            key = declarations.excuse("DANGLING", one.name)
            if key is None:
                left.append(one)
            else:
                used.add((version, key))
        return left

    appeared, doubtful = unexcused(arrival.appeared), unexcused(arrival.doubtful)
    # What a step makes may be ahead of what a later one makes: no database stays like that.
    ahead = [one for one in appeared if one in arrival.of_new_objects and not _is_in(one, last)]
    broken = [one for one in appeared if one not in ahead]
    about = MigrationRow(version, history.application.label(version))
    notes = [
        Note(
            about,
            f"{found}; where that is meant, DANGLING says so",
            declarable=tuple(_declarable([found])),
        ).showing_no_rows()
        for found in doubtful
    ]
    notes.extend(
        Note(
            about,
            f"{found}, until a later step mends it",
            declarable=tuple(_declarable([found])),
        ).showing_no_rows()
        for found in ahead
    )
    findings = (_finding(history, version, arrival, broken, last),) if broken else ()
    return Verdict(findings, tuple(notes), used=frozenset(used))


def _finding(
    history: History,
    version: int,
    arrival: Arrival,
    broken: Sequence[Broken],
    last: Arrival,
) -> Finding:
    step = history.application.step_name(version)
    noun = "broken reference" if len(broken) == 1 else "broken references"
    first = headline(f"{step} leaves {len(broken)} {noun}")
    lines: list[str] = []
    for found in broken:
        lines.extend(wrap_text(printable_line(str(found)), indent="  ", hanging="  "))
        lines.extend(_mend_lines(printable_line(found.mend)))
    if any(one.missing in (new for _, new in arrival.renamed) for one in broken):
        lines.extend(("", *wrap_text(_RENAME_LAST, indent="  ")))
    lines.append("")
    if all(_is_in(one, arrival) and not _is_in(one, last) for one in broken):
        latest = history.application.title(history.application.latest)
        lines.append(f"  At {latest} nothing of it is broken any more.")
    lines.extend(wrap_text(_what_to_do(history, version), indent="  "))
    names = list(dict.fromkeys(found.name for found in broken))
    lines.extend(_declaration(history.application.declaration_table(version), names))
    number = format_version(version)
    things = frozenset((number, "reference", *_identity(found)) for found in broken)
    declarable = tuple(_declarable(broken))
    return Finding(
        first, tuple(lines), version, things=things, of_step=True, declarable=declarable
    ).showing_no_rows()


def _declarable(broken: Sequence[Broken]) -> Iterator[SuggestedDeclaration]:
    """Yield the declaration of each object that is left without what it names."""
    for name in dict.fromkeys(found.name for found in broken):
        said = "; ".join(str(found) for found in broken if found.name == name)
        yield excuse("DANGLING", name, found=said)


def _mend_lines(mend: str) -> list[str]:
    """Return how to mend: on the line itself, or on lines of their own that can be copied."""
    line = f"{' ' * _MEND}mend: {mend}"
    if not mend or len(line) <= width():
        return [line] if mend else []
    # Few references are broken, and few that are have so long a mend.
    from pytest_pmd_migrations.schema.showing.carets import TextWithCarets

    parts = TextWithCarets(mend).lines(width() - _MEND - 2)
    return [f"{' ' * _MEND}mend:", *(f"{' ' * (_MEND + 2)}{part.text}" for part in parts)]


def _what_to_do(history: History, version: int) -> str:
    line = history.store.lock_file.versions.get(version)
    where = (
        " in the file of migration_rows" if history.application.declaration_table(version) else ""
    )
    if line is not None and line.released:
        file = history.application.file_name(version)
        return f"{file} is released: mend it in a new migration, and declare it{where}:"
    return f"Mend the step; or where that is meant, declare it{where}:"


def _declaration(table: str, names: Sequence[str]) -> list[str]:
    """Return the lines that declare names as left without an object, in TOML below a table."""
    reasons = [in_quotes(name) for name in names]
    if table:
        return [f"    [{table}.dangling]", *(f'    {name} = "<reason>"' for name in reasons)]
    if len(reasons) == 1:
        return [f'    DANGLING = {{{reasons[0]}: "<reason>"}}']
    return ["    DANGLING = {", *(f'        {name}: "<reason>",' for name in reasons), "    }"]


def _is_in(found: Broken, arrival: Arrival) -> bool:
    return any(_identity(one) == _identity(found) for one in arrival.present)


def _identity(found: Broken) -> tuple[str, str, str]:
    return found.kind, fold(found.name), fold(found.missing or found.problem)
