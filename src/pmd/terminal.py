"""Print for the command `pmd`: lines with a title, progress bars, errors without a traceback."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pmd.indexing.errors import IndexingError
from pmd.store.errors import StoreError
from pmd.store.migrations import InvalidVersionError, MigrationError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

__all__ = ["Bar", "UnusableError", "clean_errors", "printable", "say", "shown_bytes", "typed"]

_LINE_ENDS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
# What a terminal takes for a command, and what turns the direction of all that follows.
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ONE_LINE = dict.fromkeys(map(ord, _LINE_ENDS), " ")
_SHOWN = dict.fromkeys(_CONTROLS, "\ufffd") | _ONE_LINE
_WIDTH = 80
_TITLE = 10
# click prints this before the message.
_PREFIX = "Error: "


def say(title: str, text: str, *, err: bool = False) -> None:
    """Print a line that begins with its title; with `err`, to standard error."""
    click.echo(f"{printable(title):<{_TITLE}}{printable(text)}".rstrip(), err=err)


def printable(text: object) -> str:
    """Return a text of somebody else's as one line that a terminal shows and does not obey.

    A file name that is no text is shown with replacement characters.
    """
    return click.format_filename(f"{text}").translate(_SHOWN)


def shown_bytes(count: int) -> str:
    """Return a size in the unit that reads best."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count} {unit}"
        count = round(count / 1024)
    return f"{count} GiB"


def typed(*words: str) -> str:
    """Return words as they are typed in a shell."""
    # Imported here, since most runs suggest nothing to type.
    import shlex

    return shlex.join(words)


class Bar:
    """A progress bar on a terminal, shown from the first report on; elsewhere nothing."""

    def __init__(self, label: str) -> None:
        self._label = f"{label:<{_TITLE}}"
        self._bar: ProgressBar[int] | None = None
        self._done = 0

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def report(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if self._bar is None:
            if not sys.stderr.isatty():
                return
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr)
            self._bar.render_progress()
        self._bar.update(done - self._done)
        self._done = done


class UnusableError(click.ClickException):
    """Something that was given cannot be used: a message without a traceback, exit code 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(_wrapped(message))


@contextmanager
def clean_errors(*, unusable: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn errors of store and indexing into a message without a traceback: exit code 1.

    The exit code is 2 for wrong usage, and for the kinds `unusable`.
    """
    try:
        yield
    except unusable as error:
        raise UnusableError(f"{error}") from error
    except InvalidVersionError as error:
        raise click.UsageError(_wrapped(error)) from error
    except (StoreError, MigrationError, IndexingError, OSError, sqlite3.Error) as error:
        raise click.ClickException(_wrapped(error)) from error


def _wrapped(error: Exception | str) -> str:
    """Return the message in lines that fit a terminal; paths are never broken."""
    # Imported here, since most runs have nothing to wrap.
    import textwrap

    lines = click.format_filename(f"{error}").splitlines()
    indents = [_PREFIX, *[""] * len(lines)]
    filled = [
        textwrap.fill(
            line, _WIDTH, initial_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for line, indent in zip(lines, indents, strict=False)
    ]
    return "\n".join(filled).removeprefix(_PREFIX)
