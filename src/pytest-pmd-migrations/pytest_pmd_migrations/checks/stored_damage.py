"""Judge the damage that a stored database had before any step: is it mended, and when.

Users have such databases, so it is no fault of a step; a migration has to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.new_migration import how_to_begin
from pytest_pmd_migrations.checks.model import Finding, Note, SnapshotRow, Verdict
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.wording import headline, typed_path, wrap_text
from pytest_pmd_migrations.rows import Damages
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["judge_stored_damage"]

_NEW = "mend what is damaged"


def judge_stored_damage(
    history: History, row: SnapshotRow, damaged: Mapping[int, Damages]
) -> Verdict:
    """Return what to say of the damage that one stored database began with.

    ``damaged`` says what of it is left, by version, the stored one's included. It must be gone at
    latest, or where the ``migration_rows`` file says so, at the version that it names.
    """
    excuse = history.application.stored.get(str(row.snapshot))
    until = excuse.damaged_until if excuse else None
    mended = next((version for version in sorted(damaged) if not damaged[version].found), None)
    if until is not None:
        return _judge_until(history, row, damaged, until, mended)
    if mended is None:
        return Verdict(tuple(_left(history, row, damaged)))
    if mended == min(damaged):
        return Verdict()
    return Verdict(notes=(_mended(history, row, damaged, mended),))


def _judge_until(
    history: History,
    row: SnapshotRow,
    damaged: Mapping[int, Damages],
    until: int,
    mended: int | None,
) -> Verdict:
    if mended == min(damaged):
        return Verdict(notes=(Note(row, f"{_written(until)}, but nothing is damaged in it"),))
    if until > max(damaged):
        return Verdict((_no_version(history, row, until),))
    judged = min(version for version in damaged if version >= until)
    if damaged[judged].found:
        return Verdict((_not_mended(history, row, damaged[judged], until, judged),))
    if mended is not None and mended < until:
        text = f"{_written(until)}, but it is mended at {history.application.title(mended)}"
        return Verdict(notes=(Note(row, text),))
    return Verdict(remarks=(_mended(history, row, damaged, judged),))


def _mended(
    history: History, row: SnapshotRow, damaged: Mapping[int, Damages], mended: int
) -> Note:
    """Return what was damaged in the stored database, where that ended, and how to declare it."""
    messages = "; ".join(found.message for found in damaged[min(damaged)].findings(mends=False))
    text = f"{messages}, as stored, until {history.application.title(mended)}"
    table = history.application.stored_table(row.snapshot)
    command = f'[{table}] damaged = "until {format_version(mended)}"'
    return Note(row, text, command, damaged_until=mended)


def _written(until: int) -> str:
    return f'migration_rows says damaged = "until {format_version(until)}"'


def _left(history: History, row: SnapshotRow, damaged: Mapping[int, Damages]) -> Iterator[Finding]:
    """Yield what is still damaged at latest."""
    version, latest = min(damaged), max(damaged)
    still = "" if version == latest else f", and still there at {history.application.title(latest)}"
    for found in damaged[latest].findings(mends=False):
        what = printable_line(found.message)
        message = f"stored {row.title}: {what}"
        uncut = wrap_text(what, indent="  ") if headline(message) != message else ()
        lines = (
            f"  in the stored snapshot {row}, before any step{still}",
            *uncut,
            "",
            *(f"    {line}" for line in found.evidence),
            "",
            *_advice(history, row, damaged[latest]),
        )
        advice = tuple(_advice(history, row, damaged[latest]))
        yield Finding(
            headline(message), lines, version, without_rows=(headline(message), *uncut, *advice)
        )


def _not_mended(
    history: History, row: SnapshotRow, damages: Damages, until: int, version: int
) -> Finding:
    """Return the finding on the step to ``version``, which does not mend what it is said to."""
    name = history.application.step_name(version)
    lines = [f"  {_written(until)} of {row}, but this is left:"]
    for found in damages.findings(mends=False):
        lines.extend(wrap_text(printable_line(found.message), indent="    "))
        lines.extend(f"      {line}" for line in found.evidence)
    lines.extend(("", *_advice(history, row, damages)))
    head = headline(f"{name} does not mend what is damaged in {row}")
    return Finding(head, tuple(lines), version, without_rows=(head,))


def _no_version(history: History, row: SnapshotRow, until: int) -> Finding:
    """Return the finding on a declaration that names no migration."""
    latest = history.application.title(history.application.latest)
    text = f"{_written(until)} of {row}, but the newest migration is {latest}."
    lines = (
        *wrap_text(text, indent="  "),
        "",
        "Write the one that mends it:",
        f"  {how_to_begin(history.application, _NEW)}",
    )
    head = headline(f"nothing mends what is damaged in {row}")
    return Finding(head, lines).showing_no_rows()


def _advice(history: History, row: SnapshotRow, damages: Damages) -> Iterator[str]:
    yield "  Users may have such databases. Mend it in a new migration:"
    yield f"    {how_to_begin(history.application, _NEW)}"
    for found in damages.findings(mends=False):
        if found.table:
            name = quote(found.table)
            yield f"    INSERT INTO {name}({name}) VALUES ('rebuild');"
        elif any(" index " in line for line in found.samples):
            yield "    REINDEX;"
    file = typed_path(history.store.folder.file(row.snapshot))
    yield "  or, where the file alone is spoilt, restore it from version control:"
    yield f"    git checkout HEAD -- {file}"
