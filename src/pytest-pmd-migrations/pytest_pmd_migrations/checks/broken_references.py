"""The part of the check ``schema`` about references: what names something that does not exist.

Prevents the accident that fresh and upgraded databases share, so that no comparison shows it: a
rebuild that renames the old table away takes every view, trigger and foreign key along, and then
drops what they name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.references import Arrival
from pytest_pmd_migrations.checks.model import (
    Finding,
    MigrationRow,
    Note,
    Row,
    UsedDeclaration,
    Verdict,
)
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.references.values import Broken
from pytest_pmd_migrations.schema.showing.carets import TextWithCarets
from pytest_pmd_migrations.snapshots.names import Start, format_version
from pytest_pmd_migrations.wording import WIDTH, counted, headline, wrap_text

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
    verdicts = [
        _of_step(history, version, arrival)
        for version, arrival in steps.items()
        if arrival.appeared or arrival.doubtful
    ]
    notes, remarks = _as_stored(row, [*arrivals.values()], fresh.get(start.version, Arrival()))
    unsure = dict.fromkeys(one for arrival in arrivals.values() for one in arrival.unsure)
    return Verdict(
        tuple(one for verdict in verdicts for one in verdict.findings),
        (*notes, *(one for verdict in verdicts for one in verdict.notes)),
        (*remarks, *(Note(row, str(one)) for one in unsure)),
        frozenset[UsedDeclaration]().union(*(verdict.used for verdict in verdicts)),
    )


def _as_stored(
    row: Row, arrivals: Sequence[Arrival], fresh: Arrival
) -> tuple[list[Note], list[Note]]:
    """Return notes about what is broken as stored; remarks where a step has mended it."""
    known = {_identity(one) for one in fresh.present}
    left = {_identity(one) for one in arrivals[-1].present}
    stored = [found for found in arrivals[0].present if _identity(found) not in known]
    notes = [Note(row, f"{found}, as stored") for found in stored if _identity(found) in left]
    remarks = [Note(row, f"{found}, as stored") for found in stored if _identity(found) not in left]
    return notes, remarks


def _of_step(history: History, version: int, arrival: Arrival) -> Verdict:
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

    broken, doubtful = unexcused(arrival.appeared), unexcused(arrival.doubtful)
    about = MigrationRow(version, history.application.label(version))
    notes = tuple(
        Note(about, f"{found}; where that is meant, DANGLING says so") for found in doubtful
    )
    findings = (_finding(history, version, arrival, broken),) if broken else ()
    return Verdict(findings, notes, used=frozenset(used))


def _finding(history: History, version: int, arrival: Arrival, broken: Sequence[Broken]) -> Finding:
    step = history.application.step_name(version)
    first = headline(f"{step} leaves {counted(len(broken), 'broken reference')}")
    lines: list[str] = []
    for found in broken:
        lines.extend(wrap_text(str(found), indent="  ", hanging="  "))
        lines.extend(_mend_lines(found.mend))
    if any(one.missing in (new for _, new in arrival.renamed) for one in broken):
        lines.extend(("", *wrap_text(_RENAME_LAST, indent="  ")))
    lines.extend(("", *wrap_text(_what_to_do(history, version), indent="  ")))
    names = list(dict.fromkeys(found.name for found in broken))
    lines.extend(_declaration(history.application.declaration_table(version), names))
    number = format_version(version)
    things = frozenset((number, "reference", *_identity(found)) for found in broken)
    return Finding(first, tuple(lines), version, things=things, of_step=True)


def _mend_lines(mend: str) -> list[str]:
    """Return how to mend: on the line itself, or on lines of their own that can be copied."""
    line = f"{' ' * _MEND}mend: {mend}"
    if not mend or len(line) <= WIDTH:
        return [line] if mend else []
    parts = TextWithCarets(mend).lines(WIDTH - _MEND - 2)
    return [f"{' ' * _MEND}mend:", *(f"{' ' * (_MEND + 2)}{part.text}" for part in parts)]


def _what_to_do(history: History, version: int) -> str:
    line = history.store.lock_file.versions.get(version)
    if line is not None and line.released:
        file = history.application.file_name(version)
        return f"{file} is released: mend it in a new migration, and declare it here:"
    return "Mend the step; or where that is meant, declare it:"


def _declaration(table: str, names: Sequence[str]) -> list[str]:
    """Return the lines that declare names as left without an object, in TOML below a table."""
    reasons = [f"{json.dumps(name, ensure_ascii=False)}" for name in names]
    if table:
        return [f"    [{table}.dangling]", *(f'    {name} = "<reason>"' for name in reasons)]
    if len(reasons) == 1:
        return [f'    DANGLING = {{{reasons[0]}: "<reason>"}}']
    return ["    DANGLING = {", *(f'        {name}: "<reason>",' for name in reasons), "    }"]


def _identity(found: Broken) -> tuple[str, str, str]:
    return found.kind, fold(found.name), fold(found.missing or found.problem)
