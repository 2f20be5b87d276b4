"""The command `pmd db`: look at a database, upgrade it, back it up and restore it."""

from __future__ import annotations

import shlex
from contextlib import closing
from pathlib import Path

import click
from click.core import ParameterSource

from pmd.store.errors import BackupError, DatabasePathError
from pmd.store.files.backup import KeptBackup, find_backups, keep_backup, lock_for_backup
from pmd.store.files.opening import (
    MEMORY,
    checked_path,
    open_for_reading,
    opened,
    refuse_foreign,
)
from pmd.store.files.rehearsal import Rehearsal, rehearse, working_copy
from pmd.store.files.restore import restore as restore_backup
from pmd.store.files.soundness import find_faults
from pmd.store.files.upgrade import upgrade as upgrade_database
from pmd.store.migrations import Migration, MigrationRunner
from pmd.terminal import Bar, clean_errors, say, shown_bytes

__all__ = ["db"]

_database = click.argument("database")
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(0, 2_000_000),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another program's lock",
)


@click.group()
@click.pass_context
def db(context: click.Context) -> None:
    """Look at a database and take care of it.

    Exit codes: 0 done, 1 not done or something found, 2 wrong usage.
    """
    outer = context.parent
    if outer and outer.get_parameter_source("database") is ParameterSource.COMMANDLINE:
        raise click.UsageError(
            "pmd db takes its database at the end, not as --db:"
            f" pmd db {context.invoked_subcommand} {shlex.quote(outer.params['database'])}"
        )


@db.command()
@_database
@_timeout
def status(database: str, *, timeout: float) -> None:
    """Show the version, the steps to come and the backups; change nothing."""
    with clean_errors():
        file = _existing_file(database)
        with closing(open_for_reading(file, timeout=timeout)) as connection:
            refuse_foreign(connection, str(file))
            runner = MigrationRunner(connection)
            version = runner.get_current_version()
            pending = [migration.load() for migration in runner.get_pending_migrations()]
        backups = find_backups(file)
    say("database", database)
    ahead = f"{_counted(len(pending), 'step')} to take" if pending else "up to date"
    say("version", f"{version} of {runner.get_latest_version()}, {ahead}")
    say("size", shown_bytes(file.stat().st_size))
    for number, step in enumerate(pending):
        say("" if number else "pending", f"{step.migration.version:04d} {step.description}")
    for number, backup in enumerate(reversed(backups)):
        say("" if number else "backups", backup.path.name)
    if not backups:
        say("backups", "none")
    if pending:
        say("next", f"pmd db upgrade {database}")


@db.command()
@_database
@_timeout
def check(database: str, *, timeout: float) -> None:
    """Check structure, references, full-text index and version; exit 1 on findings."""
    with clean_errors():
        file = _existing_file(database)
        with (
            Bar("reading") as bar,
            working_copy(file, timeout=timeout, progress=bar.report) as copy,
        ):
            refuse_foreign(copy, str(file))
            faults = find_faults(copy)
            runner = MigrationRunner(copy)
            version = runner.get_current_version()
            latest = runner.get_latest_version()
    if not 0 <= version <= latest:
        faults.append(f"version: {version}; this pmd knows versions from 0 to {latest}")
    for fault in faults:
        click.echo(fault)
    if faults:
        say("found", _counted(len(faults), "fault"))
        say("next", f"mend the rows named, or: pmd db restore {database}")
        raise click.exceptions.Exit(1)
    say("sound", f"{database}, version {version} of {latest}")


@db.command()
@_database
@_timeout
def backup(database: str, *, timeout: float) -> None:
    """Copy the database beside itself; the newest three copies are kept."""
    with clean_errors():
        file = _existing_file(database)
        with opened(str(file), timeout=timeout) as connection:
            lock_for_backup(connection, file)
            with Bar("backup") as bar:
                kept = keep_backup(file, progress=bar.report)
    _tell_backup(kept)


@db.command()
@_database
@click.option("--to", "target", type=click.IntRange(0), metavar="N", help="Stop at version N")
@click.option("--dry-run", is_flag=True, help="Try it on a copy, show what it does, change nothing")
@click.option("--no-backup", is_flag=True, help="Make no backup before the first step")
@_timeout
def upgrade(
    database: str, *, target: int | None, dry_run: bool, no_backup: bool, timeout: float
) -> None:
    """Take the steps that the database lacks, after a backup."""
    with clean_errors(), Bar("copying") as copying, Bar("upgrading") as upgrading:

        def progress(_: Migration, done: int, total: int) -> None:
            upgrading.report(done, total)

        file = _existing_file(database)
        if dry_run:
            rehearsal = rehearse(
                file,
                target=target,
                timeout=timeout,
                progress=progress,
                copy_progress=copying.report,
            )
        else:
            with opened(str(file), timeout=timeout) as connection:
                done = upgrade_database(
                    connection,
                    str(file),
                    target=target,
                    backup=not no_backup,
                    progress=progress,
                    copy_progress=copying.report,
                )
    if dry_run:
        _tell_rehearsal(rehearsal, database)
        return
    if done.kept:
        _tell_backup(done.kept)
    if done.after == done.before:
        say("nothing", f"to do, {database} is at version {done.after}")
    else:
        steps = _counted(done.applied, "step")
        say("upgraded", f"{database} from version {done.before} to {done.after}, {steps}")


@db.command()
@_database
@click.option("--from", "source", metavar="BACKUP", help="The backup to take; default the newest")
@_timeout
def restore(database: str, *, source: str | None, timeout: float) -> None:
    """Replace the database's content by a backup's, and keep a copy of the present content."""
    with clean_errors():
        file = _file(database)
        if source is None:
            backups = find_backups(file)
            if not backups:
                raise BackupError(
                    f"{file} has no backup beside it. Name one: pmd db restore {database} --from"
                    " BACKUP"
                )
            chosen = backups[-1].path
        else:
            chosen = _file(source)
        with Bar("restoring") as bar:
            done = restore_backup(file, chosen, timeout=timeout, progress=bar.report)
    say("restored", f"{database} to version {done.version}")
    say("from", str(chosen))
    if done.aside:
        say("replaced", str(done.aside))


def _file(path: str) -> Path:
    """Return the file that a path leads to; DatabasePathError for memory and for no path."""
    checked = checked_path(path)
    if checked == MEMORY:
        raise DatabasePathError(
            f"{MEMORY} is no file, and this command works on files. Give a file's path."
        )
    try:
        return Path(checked).resolve()
    except (OSError, RuntimeError) as error:
        raise DatabasePathError(
            f"cannot open the database {path}: its links lead nowhere. Check the path."
        ) from error


def _existing_file(path: str) -> Path:
    file = _file(path)
    # Opened and closed, so that an error says what keeps it from being read before work begins.
    open_for_reading(file, timeout=0).close()
    return file


def _tell_backup(kept: KeptBackup) -> None:
    again = "" if kept.made else " (was there, with the same content)"
    say("backup", f"{kept.backup.path}{again}")


def _tell_rehearsal(done: Rehearsal, database: str) -> None:
    if not done.steps:
        say("nothing", f"to do, {database} is at version {done.after}")
        return
    for number, step in enumerate(done.steps):
        say("" if number else "steps", step)
    click.echo()
    for line in (*done.objects, "", *done.sql):
        click.echo(line)
    click.echo()
    width = max([len("table"), *map(len, done.rows)])
    click.echo(f"{'table':<{width}}  {'rows':>12}  {'then':>12}")
    for table, counts in done.rows.items():
        before, after = ("-" if count is None else str(count) for count in counts)
        click.echo(f"{table:<{width}}  {before:>12}  {after:>12}")
    click.echo()
    say("dry run", f"version {done.before} to {done.after}, tried on a copy; nothing was changed")
    say("next", f"pmd db upgrade {database}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
