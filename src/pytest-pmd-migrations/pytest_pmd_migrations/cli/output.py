"""Print what the commands tell, also where nobody can take it: a full disk, a closed pipe."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from pytest_pmd_migrations.messages.printable import printable_line

__all__ = ["each_warning_once", "say", "say_at_end"]


@contextmanager
def each_warning_once() -> Iterator[None]:
    """Show each warning of the application's code once, which runs once for every database."""
    show, shown = warnings.showwarning, set[tuple[type[Warning], str]]()

    def show_once(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if (category, str(message)) not in shown:
            shown.add((category, str(message)))
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = show_once
    try:
        yield
    finally:
        warnings.showwarning = show


def say(text: str) -> None:
    """Print a line to the standard output.

    Raises ClickException where it cannot be written; click ends the command in silence where the
    reader of a pipe is gone.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        # Python would write what is left at its end, and tell the error once more.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise click.ClickException(
            f"the standard output cannot be written: {error.strerror}. What was to be done is done"
        ) from error


def say_at_end(lines: Iterable[str]) -> bool:
    """Take all lines, each of which does something, then print them; return whether there are any.

    Printed meanwhile, a pipe that closes would stop what they do halfway. Where one raises, those
    before it are printed.
    """
    done: list[str] = []
    try:
        done.extend(lines)
    finally:
        for line in done:
            say(printable_line(line))
    return bool(done)
