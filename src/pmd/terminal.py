"""Print for the command `pmd`: lines with a title, progress bars, errors without a traceback."""

from __future__ import annotations

import sqlite3
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pmd.store.errors import StoreError
from pmd.store.migrations import InvalidVersionError, MigrationError

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

__all__ = ["Bar", "clean_errors", "say", "shown_bytes"]

_WIDTH = 80
_TITLE = 10
# click prints this before the message.
_PREFIX = "Error: "


def say(title: str, text: str) -> None:
    """Print a line that begins with its title."""
    # A file name that is no text is shown with replacement characters.
    click.echo(click.format_filename(f"{title:<{_TITLE}}{text}".rstrip()))


def shown_bytes(count: int) -> str:
    """Return a size in the unit that reads best."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count} {unit}"
        count = round(count / 1024)
    return f"{count} GiB"


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


@contextmanager
def clean_errors() -> Iterator[None]:
    """Turn errors of the store into a message without a traceback: exit code 1; 2 for usage."""
    try:
        yield
    except InvalidVersionError as error:
        raise click.UsageError(_wrapped(error)) from error
    except (StoreError, MigrationError, OSError, sqlite3.Error) as error:
        raise click.ClickException(_wrapped(error)) from error


def _wrapped(error: Exception) -> str:
    """Return the message in lines that fit a terminal; paths are never broken."""
    lines = click.format_filename(f"{error}").splitlines()
    indents = [_PREFIX, *[""] * len(lines)]
    filled = [
        textwrap.fill(
            line, _WIDTH, initial_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for line, indent in zip(lines, indents, strict=False)
    ]
    return "\n".join(filled).removeprefix(_PREFIX)
