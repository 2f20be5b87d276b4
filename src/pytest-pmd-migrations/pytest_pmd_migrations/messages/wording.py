"""Lay out messages: a first line of 60 characters, the rest in 76 columns, or in fewer."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

__all__ = [
    "HEADLINE",
    "WIDTH",
    "counted",
    "error_text",
    "folded_names",
    "headline",
    "megabytes",
    "shown_path",
    "terminal_columns",
    "typed_path",
    "width",
    "wrap_text",
    "wrapped_to",
]

HEADLINE = 60
"""Characters a message's first line may have: pytest repeats it in its short summary."""

_SHORTEST_NAME = 16
"""Characters of a file's name that are kept: a number or a revision's id, and how it goes on."""

_FILE_FIRST = re.compile(r"(?=\S{31})(\S+\.\w+)(:? .+)")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

WIDTH = 76
"""Columns a message takes where the terminal has as many: longer lines are read less well."""

_NARROWEST = 40
_USUAL = 80

_columns: ContextVar[int] = ContextVar("columns", default=_USUAL)


def width() -> int:
    """Return the columns a message may take: 76, or those of a terminal that has fewer."""
    return min(WIDTH, _columns.get())


def terminal_columns() -> int:
    """Return the columns of the terminal, 80 where there is none or it says less than 40."""
    columns = shutil.get_terminal_size().columns
    return columns if columns >= _NARROWEST else _USUAL


@contextmanager
def wrapped_to(columns: int) -> Iterator[None]:
    """Lay out what is told in the block for a terminal of so many columns."""
    before = _columns.get()
    _columns.set(columns)
    try:
        yield
    finally:
        _columns.set(before)


def headline(text: str) -> str:
    """Return the first line of ``text``, cut to 60 characters.

    Where it begins with the long name of a file, that is cut first: what is said of it matters.
    """
    first = text.strip().partition("\n")[0]
    named = _FILE_FIRST.fullmatch(first)
    if len(first) > HEADLINE and named is not None:
        name, said = named.groups()
        room = max(HEADLINE - len(said) - 3, _SHORTEST_NAME)
        first = f"{name[:room]}...{said}" if len(name) > room + 3 else first
    return first if len(first) <= HEADLINE else first[: HEADLINE - 3].rstrip() + "..."


def wrap_text(text: str, *, indent: str = "", hanging: str = "") -> tuple[str, ...]:
    """Return ``text`` in lines of at most :func:`width` columns, never breaking a word.

    ``hanging`` is put before every line but a paragraph's first, after the ``indent``.
    """
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        lines.extend(
            textwrap.wrap(
                paragraph,
                width(),
                initial_indent=indent,
                subsequent_indent=indent + hanging,
                break_long_words=False,
                break_on_hyphens=False,
            )
            or [""]
        )
    return tuple(lines)


def error_text(error: BaseException) -> str:
    """Return an exception's class and text, the class alone where it has none or cannot say it.

    Addresses in memory are left out: they differ each time, and one error would be told as many.
    """
    try:
        text = _ADDRESS.sub(" at 0x...", str(error))
    except Exception:
        # The application's own class of error may do anything.
        text = ""
    return f"{type(error).__name__}: {text}" if text.strip() else type(error).__name__


def counted(number: int, noun: str, *, plural: str = "") -> str:
    """Return ``"1 row"``, ``"2 rows"``; ``plural`` where an s is not enough."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def megabytes(size: int) -> str:
    """Return a number of bytes as people read it: ``28 MB``, of a small file ``1 MB``."""
    return f"{max(round(size / 2**20), 1)} MB"


def folded_names(names: Sequence[str]) -> str:
    """Return names in a row, three and more successive versions as ``0004..0007``.

    A version may have its label behind it: ``0004 cd164e8..0007 2f9d1a6``.
    """
    runs: list[list[str]] = []
    for name in names:
        follows = runs and _follows(runs[-1][-1], name)
        runs[-1].append(name) if follows else runs.append([name])
    return ", ".join(f"{run[0]}..{run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def _follows(name: str, other: str) -> bool:
    """Return whether both are versions, the second directly after the first."""
    number, next_number = name.split(" ")[0], other.split(" ")[0]
    both = number.isdecimal() and next_number.isdecimal()
    return both and int(next_number) == int(number) + 1


def typed_path(path: Path) -> str:
    """Return a path as it stands in a command for a shell: in quotes where it has blanks."""
    return shlex.quote(shown_path(path))


def shown_path(path: Path) -> str:
    """Return a path for people to read, from the current folder on where it is in there."""
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return os.fsencode(shown).decode(errors="replace")
