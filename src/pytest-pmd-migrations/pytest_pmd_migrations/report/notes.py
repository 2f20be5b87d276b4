"""Lay out notes as lines: equal notes about several rows once, no command broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_pmd_migrations.checks.model import Note, Row, SnapshotRow
from pytest_pmd_migrations.messages.wording import width, wrap_text

__all__ = ["note_lines"]


def note_lines(notes: Iterable[Note]) -> Iterator[str]:
    """Yield the lines that tell ``notes``, in the order in which each was said first.

    A command stands at the end of its line, or where that is full, on a line of its own.
    """
    told: dict[tuple[str, str], dict[str, Row | str]] = {}
    for note in notes:
        title = note.about if isinstance(note.about, str) else note.about.title
        told.setdefault((note.text, note.command), {})[title] = note.about
    for (text, command), subjects in told.items():
        line = f"note {_joined(subjects)}: {text}"
        if command and len(f"{line}.  {command}") <= width():
            yield f"{line}.  {command}"
            continue
        yield from wrap_text(line, hanging="  ")
        if command:
            yield f"  {command}"


def _joined(subjects: Mapping[str, Row | str]) -> str:
    """Return ``0000+u1, +u2, 0001+adopted``: a version once for neighbours that share it."""
    parts: list[str] = []
    before: int | None = None
    for title, about in subjects.items():
        if isinstance(about, SnapshotRow) and about.snapshot.variant:
            again = about.version == before
            parts.append(f"+{about.snapshot.variant}" if again else title)
            before = about.version
        else:
            parts.append(title)
            before = None
    return ", ".join(parts)
