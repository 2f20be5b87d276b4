"""The commands that show what is in the index: `pmd get` and `pmd ls`."""

from __future__ import annotations

from pathlib import Path

import click

from pmd.cli.chosen_database import next_command, open_database
from pmd.store.database import Database
from pmd.store.errors import NotFoundError
from pmd.store.repositories.documents import Document, DocumentRepository
from pmd.store.repositories.source_collections import Collection, CollectionRepository
from pmd.terminal import UnusableError, printable, say

__all__ = ["get", "ls"]


@click.command()
@click.argument("path")
def get(path: str) -> None:
    """Print a document as it is in the index.

    PATH is NAME/PATH as `pmd search` shows it, a path within a collection, or a file's.
    """
    with open_database(err=True) as database:
        document = _find(database, path)
        text: object = DocumentRepository(database).text(document.id)
    # As it is stored, byte by byte; in an old database it may be no text at all.
    content = text if isinstance(text, bytes) else f"{text}".encode("utf-8", "surrogateescape")
    click.echo(content, nl=False)


@click.command()
@click.argument("name", required=False)
def ls(name: str | None) -> None:
    """List collections, or the documents of one.

    Without NAME the collections, with NAME the documents of that collection.
    """
    with open_database() as database:
        collections = CollectionRepository(database)
        documents = DocumentRepository(database)
        if name is None:
            found = collections.list_collections()
            counts = {one.id: len(documents.list_documents(collection_id=one.id)) for one in found}
            _list_collections(found, counts)
            return
        collection = collections.find(name)
        if collection is None:
            raise UnusableError(
                f"there is no collection {name!r}. See which there are: {next_command('ls')}"
            )
        for document in documents.list_documents(collection_id=collection.id):
            click.echo(printable(f"{name}/{document.path}"))


def _list_collections(found: tuple[Collection, ...], counts: dict[int, int]) -> None:
    width = max([len(printable(one.name)) for one in found], default=0)
    for one in found:
        where = f"{' '.join(one.glob_patterns)} in {one.pwd}"
        click.echo(f"{printable(one.name):<{width}}  {counts[one.id]:>7}  {printable(where)}")
    if not found:
        say("nothing", "is here: there is no collection")
        say("next", next_command("add", "NAME", "FOLDER"))


def _find(database: Database, path: str) -> Document:
    """Return the one document that `path` means, or stop with a message."""
    collections = CollectionRepository(database).list_collections()
    for names in (_full_name, _path_within, _file_within):
        found = [
            (collection, document)
            for collection in collections
            if (within := names(collection, path)) is not None
            if (document := DocumentRepository(database).find(collection.id, within))
        ]
        active = [(collection, document) for collection, document in found if document.active]
        if len(active) > 1:
            full = ", ".join(f"{one.name}/{document.path}" for one, document in active)
            raise UnusableError(f"{path!r} is in several collections. Give one of {full}.")
        if active:
            return active[0][1]
        if found:
            collection, document = found[0]
            raise NotFoundError(
                f"{collection.name}/{document.path} is not in the index any more: its file had"
                " vanished when the collection was indexed."
            )
    raise NotFoundError(
        f"no document has the path {path!r}. List those of a collection:"
        f" {next_command('ls', 'NAME')}"
    )


def _full_name(collection: Collection, path: str) -> str | None:
    prefix = f"{collection.name}/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None


def _path_within(_: Collection, path: str) -> str | None:
    return path


def _file_within(collection: Collection, path: str) -> str | None:
    folder = Path(collection.pwd)
    file = Path(path).absolute()
    if ".." in file.parts:
        file = file.resolve()
    inside = folder.is_absolute() and file.is_relative_to(folder)
    return file.relative_to(folder).as_posix() if inside else None
