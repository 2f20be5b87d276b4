"""The command line: arguments in, lines out, exit codes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from pytest_pmd_migrations.cli.build import build_snapshots
from pytest_pmd_migrations.cli.inspect import find_problems, schema_difference
from pytest_pmd_migrations.cli.project import (
    BadSettingError,
    choose_history,
    load_project,
    source_for_new,
)
from pytest_pmd_migrations.cli.scaffold import create_migration
from pytest_pmd_migrations.errors import MigrationTestError, SettingError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.snapshots.lock import write_lock
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.wording import counted

__all__ = ["main"]

_source = click.option("--source", default="", help="Which source, where there are several")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-pmd-migrations")
def main() -> None:
    """Write migrations and the snapshots that pytest --migration-matrix checks."""
    # What an application logs while it upgrades is not what this command says.
    logging.getLogger().addHandler(logging.NullHandler())


@main.command()
@click.argument("description")
@click.option("--sql", is_flag=True, help="Write an SQL script instead of a module")
@_source
def new(description: str, *, sql: bool, source: str) -> None:
    """Write the next migration's file: new "add tags"."""
    with _clean_errors():
        path = create_migration(source_for_new(source), description, script=sql)
    click.echo(f"created  {click.format_filename(path)}")
    what = "write the script" if sql else "write up(db)"
    label = path.name.partition("_")[0]
    click.echo(f"next     {what}, then: pytest --migration-matrix -k {label}")


@main.command()
@click.option("--rewrite", type=int, metavar="N", help="Build the unreleased snapshot N anew")
@_source
def snapshot(*, rewrite: int | None, source: str) -> None:
    """Build the snapshots and lock lines that are missing."""
    with _clean_errors():
        written = False
        for history in _histories(source):
            written |= build_snapshots(history, rewrite=rewrite, say=click.echo)
    if not written:
        click.echo("nothing to build: every version has its snapshot and its lock line")


@main.command()
@click.argument("version", required=False, type=int)
@_source
def release(version: int | None, *, source: str) -> None:
    """Mark versions up to VERSION (default all) as released: they are history."""
    with _clean_errors():
        for history in _histories(source):
            _release(history, history.latest if version is None else version)


@main.command()
@_source
def check(*, source: str) -> None:
    """Exit 1 when a snapshot or a lock line is missing or wrong."""
    with _clean_errors():
        histories = _histories(source)
        problems = [line for history in histories for line in find_problems(history)]
    for line in problems:
        click.echo(line)
    if problems:
        raise click.exceptions.Exit(1)
    versions = sum(len(history.versions) for history in histories)
    stored = sum(len(history.stored) for history in histories)
    click.echo(f"{counted(versions, 'version')}, {counted(stored, 'snapshot')}: all in order")


@main.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@_source
def show(one: str, other: str, *, source: str) -> None:
    """Print how the schemas of two versions or snapshots differ: show 3 9."""
    with _clean_errors():
        labels = [name.zfill(4) if name.isdigit() else name for name in (one, other)]
        lines = schema_difference(choose_history(load_project(), source), *labels)
    for line in lines or [f"{labels[0]} and {labels[1]} have the same schema"]:
        click.echo(line)


def _histories(source: str) -> list[History]:
    histories = load_project()
    return [choose_history(histories, source)] if source else list(histories)


def _release(history: History, version: int) -> None:
    if version not in history.versions:
        raise click.ClickException(
            f"there is no version {format_version(version)} to release; versions are"
            f" {format_version(history.versions[0])}..{format_version(history.latest)}"
        )
    wanted = [one for one in history.versions if one <= version]
    problems = [line for line in find_problems(history) if _is_about(line, wanted)]
    if problems:
        raise click.ClickException(
            "not released, since not all is in order:\n" + "\n".join(problems)
        )
    lock = history.lock
    born = [one for one in wanted if not lock.versions[one].released]
    for one in born:
        lock = lock.with_version(one, replace(lock.versions[one], released=True))
    if born:
        write_lock(history.lock_path, lock)
        first, last = format_version(born[0]), format_version(born[-1])
        click.echo(f"released {first if first == last else f'{first}..{last}'}")
    else:
        click.echo("nothing to release: these versions are released already")


def _is_about(line: str, versions: list[int]) -> bool:
    """Return whether a problem is about one of the versions, not about a later one."""
    label = next((word for word in line.replace("_", " ").split() if word[:4].isdigit()), "")
    return not label or int(label[:4]) <= max(versions)


@contextmanager
def _clean_errors() -> Iterator[None]:
    """Turn the package's own errors into one clean message without a traceback."""
    try:
        yield
    except SettingError as error:
        raise BadSettingError(str(error)) from error
    except MigrationTestError as error:
        raise click.ClickException(str(error)) from error
