"""The command line: arguments in, lines out, exit codes."""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout

import click

from pytest_pmd_migrations.cli.build import build_missing, write_built
from pytest_pmd_migrations.cli.difference import schema_difference
from pytest_pmd_migrations.cli.new_migration import create_migration, file_slug
from pytest_pmd_migrations.cli.problems import find_problems
from pytest_pmd_migrations.cli.project import (
    choose_histories,
    choose_history,
    load_histories,
    source_for_new,
)
from pytest_pmd_migrations.cli.release import mark_released
from pytest_pmd_migrations.cli.survey import take_survey
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.printable import printable_line, printable_text
from pytest_pmd_migrations.snapshots.lock_file import write_lock_file
from pytest_pmd_migrations.wording import counted, shown_path

__all__ = ["main"]

_source = click.option("--source", default="", help="Which source, where there are several")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-pmd-migrations")
def main() -> None:
    """Write migrations and the snapshots that pytest --migration-matrix checks."""
    # Without a handler, Python would print what an application logs while it upgrades.
    logging.getLogger().addHandler(logging.NullHandler())


@main.command()
@click.argument("description")
@click.option("--sql", is_flag=True, help="Write an SQL script instead of a module")
@_source
def new(description: str, *, sql: bool, source: str) -> None:
    """Write the next migration's file: new "add tags"."""
    with _clean_errors():
        slug = file_slug(description)
        found, written = source_for_new(source)
        created = create_migration(found, slug, description, script=sql)
    for path in written:
        click.echo(f"created  {shown_path(path)}")
    click.echo(f"created  {shown_path(created.path)}")
    what = "write the script" if sql else "write up(db)"
    click.echo(f"next     {what}, then: pytest --migration-matrix -k {created.number}")


@main.command()
@click.option(
    "--rewrite",
    type=click.IntRange(1),
    metavar="N",
    help="Build the unreleased snapshot N anew, and those after it",
)
@_source
def snapshot(*, rewrite: int | None, source: str) -> None:
    """Build the snapshots and lock lines that are missing."""
    with _clean_errors():
        histories = choose_histories(source, only_one=rewrite is not None)
        # All sources are built before the first file is written.
        built = [build_missing(history, rewrite=rewrite) for history in histories]
    written = False
    lines = (line for one in built for line in write_built(one))
    with _clean_errors(quiet=False):
        for line in lines:
            click.echo(printable_line(line))
            written = True
    if not written:
        click.echo("nothing to build: every version has its snapshot and its lock line")


@main.command()
@click.argument("version", required=False, type=click.IntRange(1))
@_source
def release(version: int | None, *, source: str) -> None:
    """Mark versions up to VERSION (default all) as released: they are history."""
    with _clean_errors():
        histories = choose_histories(source, only_one=version is not None)
        marked = [mark_released(history, version) for history in histories]
        for history, (lock_file, _) in zip(histories, marked, strict=True):
            if lock_file != history.store.lock_file:
                write_lock_file(history.store.lock_path, lock_file)
    for _, line in marked:
        click.echo(line)


@main.command()
@_source
def check(*, source: str) -> None:
    """Exit 1 when a snapshot or a lock line is missing or wrong."""
    with _clean_errors():
        histories = choose_histories(source)
        surveys = [take_survey(history) for history in histories]
        problems = [problem for survey in surveys for problem in find_problems(survey)]
    for problem in problems:
        click.echo(printable_text(problem.text))
    if problems:
        raise click.exceptions.Exit(1)
    versions = sum(len(history.application.versions) for history in histories)
    stored = sum(len(history.store.names) for history in histories)
    click.echo(f"{counted(versions, 'version')}, {counted(stored, 'snapshot')}: all in order")


@main.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@_source
def show(one: str, other: str, *, source: str) -> None:
    """Print how the schemas of two versions or snapshots differ: show 3 9."""
    with _clean_errors():
        lines = schema_difference(choose_history(load_histories(), source), one, other)
    for line in lines:
        click.echo(printable_line(line))


@contextmanager
def _clean_errors(*, quiet: bool = True) -> Iterator[None]:
    """Turn errors into one message without a traceback, and exit code 1.

    With ``quiet``, what the project's own code prints meanwhile goes to the standard error.
    """
    try:
        with redirect_stdout(sys.stderr) if quiet else nullcontext():
            yield
    except MigrationTestError as error:
        raise click.ClickException(str(error)) from error
    except sqlite3.Error as error:
        said = printable_text(str(error))
        raise click.ClickException(f"SQLite refuses: {type(error).__name__}: {said}") from error
