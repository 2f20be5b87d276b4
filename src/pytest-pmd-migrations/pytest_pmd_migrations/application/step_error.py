"""Tell of a step that raised: where in the migration, and through which of the application's lines.

A reader mends the migration, so the frames of the runner and of this package are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_pmd_migrations.errors import HOW_TO_PREPARE, RunnerFailedError
from pytest_pmd_migrations.git.leftovers import leftover
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.where_raised import (
    Frame,
    application_frames,
    find_syntax_error,
    list_chain,
)
from pytest_pmd_migrations.messages.wording import error_text, shown_path, width, wrap_text
from pytest_pmd_migrations.schema.missing_modules import (
    MissingModule,
    missing_module,
    tables_needing,
)
from pytest_pmd_migrations.schema.reading.stand_ins import missing_name
from pytest_pmd_migrations.sources.protocol import Location, Source

__all__ = ["StepErrorText", "tell_step_error"]

_FRAMES_SHOWN = 3
_ALREADY = re.compile(
    r"\b(?:table|index|view|trigger) [\"`\[]?(?P<name>[^\"`\]]+?)[\"`\]]? already exists"
    r"|duplicate column name: (?P<column>.+)"
)
_ADOPT = """\
This database is unversioned: it has tables, but no version, so the runner began with {file}.
To adopt such databases, let that migration make only what is missing (CREATE TABLE IF NOT EXISTS) \
and give old shapes the new one in a later migration. Or, where its schema is that of a version N, \
let the application stamp it with N before the first upgrade, and store it as N+name.db.
"""
_PREPARE = f"""\
SQLite has no {{missing}}. Where the application adds it to its own connections, name the function \
that does: {HOW_TO_PREPARE}. Else mend its name.
"""
_LOAD = f"""\
{{subject}} the {{missing}}, which SQLite has not. Where the application loads it into its own \
connections, as an extension, name the function that does: {HOW_TO_PREPARE}. Else mend its name.
"""
_UNTOUCHED = re.compile(r"\b\d+ changes nothing yet\b")


@dataclass(frozen=True)
class StepErrorText:
    """What there is to say of an exception that a step raised, besides its own text.

    ``headline`` says it all in one sentence where one does (else it is empty); ``lines`` are the
    evidence; ``line`` is the number of the migration's line that raised, None where none is known;
    ``missing`` is the ("function" or "collation", name) that it lacked.
    """

    headline: str = ""
    lines: tuple[str, ...] = ()
    line: int | None = None
    missing: tuple[str, str] | None = None


def tell_step_error(
    error: BaseException,
    source: Source,
    written: Location,
    *,
    unversioned: Collection[str] = (),
    statements: Collection[str] = (),
) -> StepErrorText:
    """Return what to say of an exception out of a step of ``source`` that is ``written`` there.

    ``unversioned`` are the tables of a database that the first step began with, if it had any;
    ``statements`` those that made the virtual tables there are, and those that the step ran.
    """
    told = _tell(error, source, written)
    root = error_text(list_chain(error)[-1])
    missing = missing_name(root)
    if missing is not None:
        lines = (*told.lines, "", *wrap_text(_PREPARE.format(missing=missing)))
        return replace(told, lines=lines, missing=(missing.kind, missing.name))
    module = missing_module(root)
    if module is not None:
        lines = (*told.lines, "", *_told_module(module, statements))
        return replace(told, lines=lines, missing=(module.kind, module.name))
    made = _ALREADY.search(root)
    if made is None or not (made["column"] or made["name"] in unversioned) or not unversioned:
        return told
    return replace(told, lines=(*told.lines, "", *wrap_text(_ADOPT.format(file=written.path.name))))


def _told_module(module: MissingModule, statements: Collection[str]) -> tuple[str, ...]:
    """Return which virtual tables need a module or tokenizer, and how it is loaded."""
    needing = tables_needing(module, statements)
    names = ", ".join(map(printable_line, needing))
    match len(needing):
        case 0:
            subject = "A virtual table needs"
        case 1:
            subject = f"The virtual table {names} needs"
        case _:
            subject = f"The virtual tables {names} need"
    return wrap_text(_LOAD.format(subject=subject, missing=printable_line(str(module))))


def _tell(error: BaseException, source: Source, written: Location) -> StepErrorText:
    left = leftover(written.path)
    if left is not None:
        return StepErrorText(left[0], (f"  {shown_path(written.path)}:{left[1]}",), left[1])
    if isinstance(error, RunnerFailedError):
        return StepErrorText(lines=tuple(f"  {line}" for line in error.lines))
    syntax = find_syntax_error(error)
    if syntax is not None:
        return _of_syntax(syntax, written.path)
    if written.path.suffix == ".sql":
        return _of_script(error, written.path)
    frames = application_frames(error, written.path, runner=source)
    own = [frame for frame in frames if frame.path == written.path.resolve()]
    if not own:
        return StepErrorText(_untouched(error), tuple(_frame_lines(frames[-1:])))
    headline = _untouched(error)
    if any(frame.function == "<module>" for frame in own):
        cause = list_chain(error)[-1]
        what = error_text(cause)
        headline = f"{written.path.name} cannot be imported: line {own[-1].line}: {what}"
    shown = frames[-_FRAMES_SHOWN:]
    if own[-1] not in shown:
        shown = [own[-1], *shown]
    return StepErrorText(headline, tuple(_frame_lines(shown)), own[-1].line)


def _of_syntax(error: SyntaxError, own: Path) -> StepErrorText:
    path = Path(str(error.filename))
    is_own = path.resolve() == own.resolve()
    where = f"line {error.lineno}" if error.lineno else "as a whole"
    file = "" if is_own else f"{path.name}, "
    headline = f"{own.name} cannot be imported: {file}{where}: {error.msg}"
    place = f":{error.lineno}" if error.lineno else ""
    lines = [f"  {shown_path(path)}{place}"]
    if error.lineno and error.text:
        source = error.text.rstrip().expandtabs(1)
        before = f"{error.lineno:5} | "
        start = max((error.offset or 1) - 1, 0)
        marked = max((error.end_offset or 0) - 1 - start, 1) if _one_line(error) else 1
        room = width() - len(before)
        skipped = max(0, min(start - 20, len(source) - room))
        end = skipped + room
        lines.append(f"{before}{source[skipped:end]}")
        carets = "^" * max(1, min(marked, max(len(source), start + 1) - start, end - start))
        lines.append(" " * (len(before) + start - skipped) + carets)
    return StepErrorText(headline, tuple(lines), error.lineno if is_own else None)


def _one_line(error: SyntaxError) -> bool:
    return error.end_lineno in (None, 0, error.lineno)


def _of_script(error: BaseException, path: Path) -> StepErrorText:
    """Return the line of the statement that raised, where the runner says which one did."""
    statements = (getattr(one, "statement", None) for one in list_chain(error))
    statement = next((text for text in statements if isinstance(text, str) and text), "")
    try:
        script = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        # The error that is told already says why.
        return StepErrorText(_untouched(error))
    if not statement or script.count(statement) != 1:
        return StepErrorText(_untouched(error))
    line = script.count("\n", 0, script.index(statement)) + 1
    return StepErrorText(_untouched(error), (f"  {shown_path(path)}:{line}",), line)


def _untouched(error: BaseException) -> str:
    """Return what the file that ``pmd-migrations new`` wrote says of itself, or ""."""
    found = _UNTOUCHED.search(error_text(list_chain(error)[-1]))
    return found[0] if found else ""


def _frame_lines(frames: list[Frame]) -> list[str]:
    lines = []
    for frame in frames:
        lines.append(f"  {shown_path(frame.path)}:{frame.line}, in {frame.function}")
        if frame.source:
            text = f"    {frame.source}"
            lines.append(text if len(text) <= width() else f"{text[: width() - 3]}...")
    return lines
