"""Notes as lines: equal words about several places are told once, a command is never broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_pmd_migrations.checks.model import Note
from pytest_pmd_migrations.wording import WIDTH, wrap_text

__all__ = ["note_lines"]


def note_lines(notes: Iterable[Note]) -> Iterator[str]:
    """Yield the lines that tell ``notes``, in the order in which each was said first.

    A command stands at the end of its line, or where that is full, on a line of its own.
    """
    places: dict[tuple[str, str], dict[str, None]] = {}
    for note in notes:
        places.setdefault((note.text, note.command), {})[note.place] = None
    for (text, command), found in places.items():
        line = f"note {_joined(tuple(found))}: {text}"
        if command and len(f"{line}.  {command}") <= WIDTH:
            yield f"{line}.  {command}"
            continue
        yield from wrap_text(line, hanging="  ")
        if command:
            yield f"  {command}"


def _joined(places: Sequence[str]) -> str:
    """Return ``0000+u1, +u2, 0001+adopted``: a version once for neighbours that share it."""
    parts: list[str] = []
    before = ""
    for place in places:
        version, plus, variant = place.partition("+")
        parts.append(f"+{variant}" if plus and version == before else place)
        before = version if plus else ""
    return ", ".join(parts)
