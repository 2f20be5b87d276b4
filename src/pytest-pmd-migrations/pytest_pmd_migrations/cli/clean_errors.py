"""Turn the errors of a command into one message without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path

import click

from pytest_pmd_migrations.cli.output import each_warning_once
from pytest_pmd_migrations.errors import MigrationTestError, StepFailedError
from pytest_pmd_migrations.messages.printable import printable_line, printable_text
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["clean_errors"]


@contextmanager
def clean_errors(*, quiet: bool = True) -> Iterator[None]:
    """Turn errors into one message without a traceback, and exit code 1.

    With ``quiet``, what the project's own code prints meanwhile goes to the standard error.
    """
    import sqlite3

    try:
        with each_warning_once(), redirect_stdout(sys.stderr) if quiet else nullcontext():
            yield
    except StepFailedError as error:
        raise click.ClickException("\n".join((str(error), *error.lines))) from error
    except MigrationTestError as error:
        raise click.ClickException(str(error)) from error
    except sqlite3.Error as error:
        said = printable_text(str(error))
        raise click.ClickException(f"SQLite refuses: {type(error).__name__}: {said}") from error
    except BrokenPipeError:
        # click ends in silence where nobody reads what is printed.
        raise
    except OSError as error:
        where = f"{shown_path(Path(error.filename))}: " if error.filename else ""
        raise click.ClickException(printable_line(f"{where}{error.strerror or error}")) from error
