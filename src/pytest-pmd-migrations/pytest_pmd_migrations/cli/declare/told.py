"""Tell what is to be declared, what was written, and what cannot be declared, in lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_pmd_migrations.application.recorded_text import is_edited
from pytest_pmd_migrations.cli.declare.files import DeclaringFile, write_file
from pytest_pmd_migrations.cli.declare.proposals import Proposal
from pytest_pmd_migrations.cli.declare.rounds import Found
from pytest_pmd_migrations.cli.project import RowsFile
from pytest_pmd_migrations.messages.wording import counted, folded_names, shown_path, wrap_text
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.declared.declarations import EXCUSES

__all__ = ["tell_edited", "tell_found", "write_and_tell"]


def tell_found(
    files: Iterable[DeclaringFile], found: Sequence[Found], edited: Iterable[str], rows: RowsFile
) -> list[str]:
    """Return what is to be declared and where, the lines of ``tell_edited``, and what cannot be."""
    return [*_proposals(files), *_unreleased(found), *edited, *_other(found, rows)]


def _proposals(files: Iterable[DeclaringFile]) -> Iterator[str]:
    """Yield each file and the lines that are to be in it."""
    for file in files:
        yield shown_path(file.path)
        yield from (f"  {line}" if line else "" for line in file.lines)
        if file.text is None:
            yield f"  (by hand: {file.refused})"
        yield ""


def write_and_tell(file: DeclaringFile) -> str:
    """Write a file of declarations, and return the line that says so."""
    write_file(file)
    return f"wrote    {shown_path(file.path)}  {counted(file.declarations, 'declaration')}"


def tell_edited(found: Sequence[Found], files: Iterable[DeclaringFile]) -> Iterator[str]:
    """Yield what ``frozen`` will say of released modules whose text has a declaration more."""
    paths = {file.path for file in files if file.text is not None}
    for one in found:
        application, lines = one.history.application, one.history.store.lock_file.versions
        edited = [
            format_version(version)
            for version, line in sorted(lines.items())
            if line.released
            and version in application.versions
            and application.location(version).path in paths
            and not is_edited(one.history, version)
        ]
        if edited:
            yield from wrap_text(
                f"released {folded_names(edited)}: frozen notes that the text changed since"
                " release, what it does did not; check says nothing of it",
                hanging="  ",
            )


def _unreleased(found: Iterable[Found]) -> Iterator[str]:
    """Yield the migrations that excuse something although they can still be mended."""
    for one in found:
        lines = one.history.store.lock_file.versions
        versions = {
            version
            for version, kind, _ in one.proposals.of_steps
            if kind in EXCUSES and not (version in lines and lines[version].released)
        }
        if versions:
            names = folded_names([format_version(version) for version in sorted(versions)])
            yield from wrap_text(
                f"not released, so mend it instead where you can: {names}", hanging="  "
            )


def _other(found: Iterable[Found], rows: RowsFile) -> Iterator[str]:
    """Yield what cannot be declared, and why."""
    for one in found:
        if one.others or one.declared:
            yield "cannot be declared:"
        for proposal in one.declared:
            yield from _declared_already(one, proposal, rows)
        for other in one.others:
            yield from wrap_text(other.headline, indent="  ")
            why = f"{other.why}; " if other.why else ""
            yield f'    {why}pytest "{other.cell}"'


def _declared_already(found: Found, proposal: Proposal, rows: RowsFile) -> Iterator[str]:
    application = found.history.application
    table = application.declaration_table(proposal.version)
    where = rows.path if table else application.location(proposal.version).path
    name = f"{proposal.kind} {proposal.name}".rstrip()
    yield from wrap_text(
        f"{application.title(proposal.version)} {name}: declared already, but"
        f" {proposal.reason.rpartition(';')[0]}",
        indent="  ",
    )
    yield f"    it needs another condition; mend it in {shown_path(where)}"
