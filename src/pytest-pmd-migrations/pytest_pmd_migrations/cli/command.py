"""The command line: arguments in, lines out, exit codes.

A command imports what it needs itself, so that the help of all of them is shown at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_pmd_migrations.cli.clean_errors import clean_errors
from pytest_pmd_migrations.cli.forecast_command import forecast
from pytest_pmd_migrations.cli.output import say, say_at_end
from pytest_pmd_migrations.cli.source_option import source_option
from pytest_pmd_migrations.errors import (
    SettingError,
    SnapshotError,
)
from pytest_pmd_migrations.messages.printable import printable_line, printable_text
from pytest_pmd_migrations.messages.wording import counted, shown_path, terminal_columns, wrapped_to

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["main"]

_NOT_STORED = "not stored, since this must be mended first:\n"
_NOT_UPGRADED = "not every stored database can be upgraded:\n"


def _snapshot_name(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> SnapshotName | None:
    """Return the name of a snapshot as a person types it: ``7``, ``0007`` or ``0007+mine``."""
    if text is None:
        return None
    from pytest_pmd_migrations.snapshots.names import SnapshotName

    try:
        return SnapshotName.typed(text)
    except SnapshotError as error:
        raise click.BadParameter(str(error)) from None


def _complete_name(
    context: click.Context, _argument: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the versions and snapshots that begin as typed, for a shell that completes."""
    from pytest_pmd_migrations.cli.completion import complete_names

    return complete_names(context.params.get("source") or "", typed)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-pmd-migrations")
@click.pass_context
def main(context: click.Context) -> None:
    """Write migrations and the snapshots that pytest --migration-matrix checks."""
    import logging

    context.with_resource(wrapped_to(terminal_columns()))
    # Without a handler, Python would print what an application logs while it upgrades.
    logging.getLogger().addHandler(logging.NullHandler())


@main.command()
@click.option("--source", default="", metavar="TEXT", help="What to write, where several are found")
def init(*, source: str) -> None:
    """Look how the project migrates, and write the setting that says so."""
    from pytest_pmd_migrations.cli.init import choose_source, write_source
    from pytest_pmd_migrations.cli.project import UnusableError

    try:
        initial = choose_source(Path.cwd(), source)
    except SettingError as error:
        raise UnusableError(str(error)) from error
    with clean_errors():
        line = write_source(initial)
    if initial.whose:
        say(f"found    {printable_line(initial.source)}  {initial.whose}")
    say(f"wrote    {shown_path(initial.file.path)}  {printable_line(line)}")
    say("next     pmd-migrations snapshot")


@main.command()
@click.argument("description")
@click.option("--sql", is_flag=True, help="Write an SQL script instead of a module")
@source_option
def new(description: str, *, sql: bool, source: str) -> None:
    """Write the next migration's file: new "add tags"."""
    from pytest_pmd_migrations.cli.new_migration import create_migration, file_slug
    from pytest_pmd_migrations.cli.new_source import source_for_new

    with clean_errors():
        slug = file_slug(description)
        found, written = source_for_new(source)
        created = create_migration(found, slug, description, script=sql)
    for path in written:
        say(f"created  {shown_path(path)}")
    say(f"created  {shown_path(created.path)}")
    what = "write the script" if sql else "write up(db)"
    say(f"next     {what}, then: pytest --migration-matrix -k {created.number}")


@main.command()
@click.option(
    "--rewrite",
    callback=_snapshot_name,
    metavar="NAME",
    help="Build the unreleased snapshot 7 anew, and those after it; or store 0007+mine again",
)
@source_option
def snapshot(*, rewrite: SnapshotName | None, source: str) -> None:
    """Build the snapshots and lock lines that are missing."""
    from pytest_pmd_migrations.cli.build import build_missing, write_built
    from pytest_pmd_migrations.cli.named_source import below_name, errors_of, with_names
    from pytest_pmd_migrations.cli.project import choose_histories

    with clean_errors():
        histories = choose_histories(source, only_one=rewrite is not None)
    built = []
    for name, history in with_names(histories):
        with errors_of(name):
            # All sources are built before the first file is written.
            built.append((name, build_missing(history, rewrite=rewrite)))
    with clean_errors(quiet=False):
        written = say_at_end(
            line for name, one in built for line in below_name(name, write_built(one))
        )
    refused = [text for name, one in built for text in below_name(name, one.refused)]
    failed = [text for name, one in built for text in below_name(name, one.failed)]
    if failed:
        also = (_NOT_STORED.strip(), *refused) if refused else ()
        raise click.ClickException(_NOT_UPGRADED + "\n".join((*failed, *also)))
    if refused:
        raise click.ClickException(_NOT_STORED + "\n".join(refused))
    if not written:
        say("nothing to build: every version has its snapshot and its lock line")


@main.command()
@click.argument("version", required=False, type=click.IntRange(1))
@source_option
def release(version: int | None, *, source: str) -> None:
    """Mark versions up to VERSION (default all) as released: they are history."""
    from pytest_pmd_migrations.cli.named_source import below_name, errors_of, with_names
    from pytest_pmd_migrations.cli.project import choose_histories
    from pytest_pmd_migrations.cli.release import mark_released
    from pytest_pmd_migrations.snapshots.lock_file import write_lock_file

    with clean_errors():
        histories = choose_histories(source, only_one=version is not None)
    marked, lines = [], list[str]()
    for name, history in with_names(histories):
        with errors_of(name):
            lock_file, told = mark_released(history, version)
            marked.append((history, lock_file))
            lines.extend(below_name(name, (told,)))
    with clean_errors():
        for history, lock_file in marked:
            if lock_file != history.store.lock_file:
                write_lock_file(history.store.lock_path, lock_file)
    for line in lines:
        say(line)


@main.command()
@source_option
def check(*, source: str) -> None:
    """Exit 1 when a snapshot or a lock line is missing or wrong."""
    from pytest_pmd_migrations.cli.named_source import below_name, errors_of, with_names
    from pytest_pmd_migrations.cli.problems import find_problems
    from pytest_pmd_migrations.cli.project import choose_histories
    from pytest_pmd_migrations.cli.survey import take_survey

    with clean_errors():
        histories = choose_histories(source)
    problems: list[str] = []
    for name, history in with_names(histories):
        with errors_of(name):
            found = find_problems(take_survey(history))
            problems.extend(below_name(name, [problem.text for problem in found]))
    for problem in problems:
        say(printable_text(problem))
    if problems:
        raise click.exceptions.Exit(1)
    versions = sum(len(history.application.versions) for history in histories)
    stored = sum(len(history.store.names) for history in histories)
    say(f"{counted(versions, 'version')}, {counted(stored, 'snapshot')}: all in order")


@main.command()
@click.option("--write", is_flag=True, help="Write the declarations into the files")
@source_option
def declare(*, write: bool, source: str) -> None:
    """Propose declarations of all that the matrix finds in the migrations there are."""
    from pytest_pmd_migrations.checks.registry import all_checks
    from pytest_pmd_migrations.cli.declare.files import declaring_files
    from pytest_pmd_migrations.cli.declare.rounds import propose
    from pytest_pmd_migrations.cli.declare.told import tell_edited, tell_found, write_and_tell
    from pytest_pmd_migrations.cli.project import load_declaring
    from pytest_pmd_migrations.grid.selection import select_cells

    with clean_errors():
        histories, rows = load_declaring(source)
        checks = all_checks()
        select_cells(histories, checks, ())
        found = [propose(history, checks) for history in histories]
        files = declaring_files(found, rows.path)
        edited = list(tell_edited(found, files))
    needs_setting = rows.setting if any(file.path == rows.path for file in files) else ""
    if write:
        with clean_errors(quiet=False):
            say_at_end(write_and_tell(file) for file in files if file.text is not None)
    left = [file for file in files if not write or file.text is None]
    for line in tell_found(left, found, edited, rows):
        say(printable_line(line))
    if needs_setting:
        say(f"set      {needs_setting}")
    if left and not write:
        say("write it: pmd-migrations declare --write")
    if left or needs_setting or any(one.others or one.declared for one in found):
        raise click.exceptions.Exit(1)
    if not files:
        say("nothing to declare: the matrix finds nothing")


@main.command()
@click.argument("one", metavar="A", shell_complete=_complete_name)
@click.argument("other", metavar="B", shell_complete=_complete_name)
@click.option(
    "--mermaid", "form", flag_value="mermaid", help="As a diagram of the tables (Mermaid)"
)
@click.option("--markdown", "form", flag_value="markdown", help="As Markdown, with the diagram")
@source_option
def show(one: str, other: str, *, form: str | None, source: str) -> None:
    """Print how the schemas of two versions or snapshots differ: show 3 9."""
    from pytest_pmd_migrations.cli.difference import (
        schema_difference,
        schema_markdown,
        schema_picture,
    )
    from pytest_pmd_migrations.cli.project import choose_history, load_histories

    forms = {"mermaid": schema_picture, "markdown": schema_markdown}
    lines_of = forms.get(form or "", schema_difference)
    with clean_errors():
        lines = lines_of(choose_history(load_histories(), source), one, other)
    for line in lines:
        say(printable_line(line))


@main.command()
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write all runs into FILE.html (a page) or FILE.json",
)
@click.option(
    "--forecast",
    "forecasts",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With what pmd-migrations forecast --json printed into FILE",
)
def report(*, reports: tuple[Path, ...], forecasts: tuple[Path, ...], output: Path | None) -> None:
    """Tell what reports in JSON say, and put them together: report a.json b.json -o all.html."""
    from pytest_pmd_migrations.cli.report import report_runs

    with clean_errors():
        lines = list(report_runs(reports, forecasts, output))
    for line in lines:
        say(line)


main.add_command(forecast)
