"""Put proposals into files: modules that declare in themselves, and the TOML file for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from pytest_pmd_migrations.cli.declare.module_text import (
    CannotAddError,
    add_constant,
    constant_lines,
)
from pytest_pmd_migrations.cli.declare.proposals import Proposal
from pytest_pmd_migrations.cli.declare.rounds import Found
from pytest_pmd_migrations.cli.declare.rows_text import Entry, add_entries, table_lines
from pytest_pmd_migrations.cli.whole_file import write_whole
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["DeclaringFile", "declaring_files", "write_file"]


@dataclass(frozen=True)
class DeclaringFile:
    """One file that declarations go into.

    ``lines`` are the declarations as they stand in it, ``text`` is its content with them, or None
    where they cannot be added, for the reason ``refused``; ``declarations`` counts them.
    """

    path: Path
    lines: tuple[str, ...]
    text: bytes | None
    declarations: int
    refused: str = field(default="")


def declaring_files(found: Sequence[Found], rows: Path) -> tuple[DeclaringFile, ...]:
    """Return each file with what is to be declared in it; nothing is written.

    Raises ClickException where a file cannot be read.
    """
    modules: dict[Path, list[Proposal]] = {}
    entries: list[Entry] = []
    for one in found:
        application = one.history.application
        for proposal in sorted(one.proposals.of_steps.values(), key=lambda p: p.key):
            if application.declaration_table(proposal.version):
                entries.append(_entry(application.declaration_path(proposal.version), proposal))
            else:
                path = application.location(proposal.version).path
                modules.setdefault(path, []).append(proposal)
        for name, said in sorted(one.proposals.of_snapshots.items()):
            entries.append((application.stored_path(name), said.what, (said.value,)))
    files = [_module(path, proposals) for path, proposals in modules.items()]
    if entries:
        files.append(_rows(rows, entries))
    return tuple(files)


def write_file(file: DeclaringFile) -> None:
    """Write a file with its declarations, whole, with the permissions that it had.

    Raises SnapshotError where it cannot be written.
    """
    if file.text is not None:
        write_whole(file.path, file.text)


def _entry(path: tuple[str, ...], proposal: Proposal) -> Entry:
    word = proposal.kind.lower()
    if proposal.name:
        return (*path, word), proposal.name, proposal.values
    return path, word, proposal.values


def _module(path: Path, proposals: Iterable[Proposal]) -> DeclaringFile:
    constants: dict[str, dict[str, tuple[str, ...]]] = {}
    for proposal in proposals:
        constants.setdefault(proposal.kind, {})[proposal.name] = proposal.values
    lines = [line for kind, own in constants.items() for line in constant_lines(kind, own)]
    count = sum(map(len, constants.values()))
    text = _read(path)
    try:
        for kind, own in constants.items():
            text = add_constant(text, kind, own)
    except CannotAddError as error:
        return DeclaringFile(path, tuple(lines), None, count, str(error))
    return DeclaringFile(path, tuple(lines), text, count)


def _rows(path: Path, entries: Sequence[Entry]) -> DeclaringFile:
    lines = tuple(table_lines(entries))
    before = _read(path) if path.exists() else b""
    try:
        return DeclaringFile(path, lines, add_entries(before, entries), len(entries))
    except CannotAddError as error:
        return DeclaringFile(path, lines, None, len(entries), str(error))


def _read(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        raise click.ClickException(
            f"{shown_path(path)} cannot be read: {error.strerror}"
        ) from error
