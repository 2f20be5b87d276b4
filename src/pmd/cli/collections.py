"""The commands that fill the index: `pmd add` and `pmd index`."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

import click

from pmd.cli.chosen_database import next_command, open_database
from pmd.indexing.errors import FolderError, PatternError
from pmd.indexing.index_collection import IndexReport, index_collection
from pmd.indexing.patterns import check_pattern
from pmd.store.database import Database
from pmd.store.files.file_mode import file_mode
from pmd.store.repositories.source_collections import (
    DEFAULT_GLOB_PATTERNS,
    Collection,
    CollectionRepository,
)
from pmd.terminal import Bar, UnusableError, say

__all__ = ["add", "index"]

FILES = "filesystem"
"""The source_type of collections whose documents are files."""


@click.command()
@click.argument("name")
@click.argument("folder")
@click.option(
    "--glob",
    "patterns",
    multiple=True,
    default=DEFAULT_GLOB_PATTERNS,
    show_default=True,
    metavar="PATTERN",
    help="Which files; may be given several times",
)
def add(name: str, folder: str, *, patterns: tuple[str, ...]) -> None:
    """Make FOLDER a collection; nothing is read yet.

    NAME is how you call it. Its files are read by: pmd index NAME
    """
    _check_name(name)
    path = _checked_folder(folder)
    try:
        for pattern in patterns:
            check_pattern(pattern)
    except PatternError as error:
        raise UnusableError(str(error)) from error
    with open_database(new=True) as database:
        collections = CollectionRepository(database)
        _refuse_doubles(collections, name, path, patterns)
        collections.add(name, str(path), glob_patterns=patterns)
    say("added", f"{name}: {' '.join(patterns)} in {path}")
    say("next", next_command("index", name))


@click.command()
@click.argument("name", required=False)
@click.option(
    "--allow-empty", is_flag=True, help="Index NAME although its folder has no file any more"
)
@click.pass_context
def index(context: click.Context, name: str | None, *, allow_empty: bool) -> None:
    """Read what has changed in the files.

    With NAME, in those of this collection; without, in those of all.

    Exit codes: 0 all is indexed, 1 something was skipped, 2 there is no such collection.
    """
    if allow_empty and name is None:
        raise click.UsageError(
            "--allow-empty is for one collection at a time. Give its NAME, so that no other folder"
            " is taken for empty."
        )
    skipped = False
    with open_database() as database:
        chosen = _chosen(database, name)
        if not chosen:
            say("nothing", "to index: there is no collection")
            say("next", next_command("add", "NAME", "FOLDER"))
        for collection in chosen:
            skipped |= _index_one(database, collection, allow_empty=allow_empty)
    if skipped:
        context.exit(1)


def _index_one(database: Database, collection: Collection, *, allow_empty: bool) -> bool:
    """Index one collection and tell what was done; return whether something was skipped."""
    shown = collection.name or "''"
    if collection.source_type != FILES:
        what = f"its documents come from {collection.source_type!r}, not from files"
        say("skipped", f"{shown}: {what}", err=True)
        return True
    try:
        with Bar("indexing") as bar:
            report = index_collection(
                database, collection, allow_empty=allow_empty, progress=bar.report
            )
    except FolderError as error:
        say("skipped", f"{shown}: {error}", err=True)
        return True
    for problem in report.problems:
        say("skipped", f"{shown}/{problem.path}: {problem.reason}.", err=True)
    say("indexed", f"{shown}: {_counts(report)}")
    return bool(report.problems)


def _counts(report: IndexReport) -> str:
    counts = {
        "unchanged": report.unchanged,
        "added": report.added,
        "changed": report.changed,
        "back again": report.returned,
        "vanished": report.vanished,
        "skipped": len(report.problems),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no files"


def _chosen(database: Database, name: str | None) -> Sequence[Collection]:
    collections = CollectionRepository(database)
    if name is None:
        return collections.list_collections()
    found = collections.find(name)
    if found is None:
        raise UnusableError(
            f"there is no collection {name!r}. See which there are: {next_command('ls')}"
        )
    return [found]


def _check_name(name: str) -> None:
    wrong = "/" in name or any(unicodedata.category(one) in ("Cc", "Cs") for one in name)
    if wrong or not name or name != name.strip():
        raise UnusableError(
            f"{name!r} is no name for a collection. Expected a text without '/', without"
            " characters that cannot be shown, and without spaces around it."
        )


def _checked_folder(folder: str) -> Path:
    if not folder:
        raise UnusableError("FOLDER is empty. Give the folder that holds the Markdown files.")
    try:
        path = Path(folder).expanduser().absolute()
        mode = file_mode(path)
        what = "does not exist" if mode is None else None if S_ISDIR(mode) else "is no folder"
    except (OSError, RuntimeError) as error:
        # Too long, closed to us, or the home of a user who does not exist.
        path = Path(folder)
        what = f"cannot be looked at ({getattr(error, 'strerror', None) or error})"
    if what:
        raise UnusableError(f"{path} {what}. Give the folder that holds the Markdown files.")
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise UnusableError(
            f"{str(path)!r} is no UTF-8 and cannot be stored. Rename the folder."
        ) from error
    # Links stay as they are: they may lead elsewhere later.
    return path.resolve() if ".." in path.parts else path


def _refuse_doubles(
    collections: CollectionRepository, name: str, path: Path, patterns: Sequence[str]
) -> None:
    for other in collections.list_collections():
        if other.name == name:
            raise UnusableError(
                f"there is a collection {name!r} already, of {other.pwd or 'no folder'}. Choose"
                f" another name, or index it: {next_command('index', name)}"
            )
        if other.source_type != FILES or not _is_same(path, other.pwd):
            continue
        if set(other.glob_patterns) == set(patterns):
            raise UnusableError(
                f"{path} is the collection {other.name!r} already. Index that one:"
                f" {next_command('index', other.name)}"
            )
        say(
            "note",
            f"{other.name} has the same folder; what the patterns of both match is found twice",
            err=True,
        )


def _is_same(path: Path, pwd: str) -> bool:
    other = Path(pwd)
    with suppress(OSError):
        return other.is_absolute() and other.is_dir() and other.samefile(path)
    return False
