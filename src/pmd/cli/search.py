"""The commands that find documents: `pmd search` and `pmd tags`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping

import click

from pmd.cli.chosen_database import next_command, open_database
from pmd.metadata.store.repository import DocumentMetadataRepository
from pmd.store.database import Database
from pmd.store.errors import InvalidValueError
from pmd.store.repositories.search import SearchHit, SearchRepository
from pmd.store.repositories.source_collections import CollectionRepository
from pmd.terminal import UnusableError, printable, say

__all__ = ["search", "tags"]

_OPERATOR = re.compile(r"(?<!\S)(?:AND|OR|NOT|NEAR\S*|\S*\w\*)(?!\S)")


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=10,
    show_default=True,
    metavar="N",
    help="How many documents at most",
)
@click.option(
    "--tag",
    "wanted",
    multiple=True,
    metavar="TAG",
    help="Only documents with this tag; may be given several times",
)
@click.option("--fts", is_flag=True, help="Read WORDS as a query in the language of SQLite's FTS5")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list")
def search(
    words: tuple[str, ...], *, limit: int, wanted: tuple[str, ...], fts: bool, as_json: bool
) -> None:
    """Find documents by their words, the best first.

    A document holds all WORDS, in its text, its title or its path. Words in double quotes must
    stand side by side: pmd search '"red apple" tree'
    """
    text = " ".join(words)
    _check_words(text, fts=fts)
    with open_database(err=as_json) as database:
        only = _tagged(database, wanted) if wanted else None
        repository = SearchRepository(database)
        try:
            find = repository.search_fts if fts else repository.search
            hits = find(text, only=only, limit=limit)
        except InvalidValueError as error:
            raise UnusableError(str(error)) from error
        names = _collection_names(database)
    if as_json:
        click.echo(json.dumps([_values(hit, names) for hit in hits], indent=2))
    elif hits:
        for hit in hits:
            _show(hit, names)
    else:
        say("nothing", f"found for {text}{''.join(f', tag {tag}' for tag in wanted)}")


@click.command()
def tags() -> None:
    """List all tags, the most used first."""
    with open_database() as database:
        counts = DocumentMetadataRepository(database).count_tags()
    for tag, count in counts.items():
        click.echo(f"{count:>7}  {printable(tag)}")
    if not counts:
        say("nothing", "is tagged. Tags are read from the front matter of documents")


def _check_words(text: str, *, fts: bool) -> None:
    """Refuse a text without a word, and say what is not read as its author may have meant."""
    if not any(map(_is_part_of_a_word, text)):
        raise UnusableError(f"{text!r} has no word to search for. Give at least one.")
    if fts:
        return
    if text.count('"') % 2:
        say("note", "one double quote has no partner; it was left out", err=True)
    operators = _OPERATOR.findall(re.sub(r'"[^"]*"', " ", text))
    if operators:
        again = next_command("search", "--fts", text)
        say("note", f"{operators[0]} was searched for as a word; to use it: {again}", err=True)


def _is_part_of_a_word(character: str) -> bool:
    """Return whether FTS5's tokenizer unicode61 takes this for a part of a word."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Co"


def _tagged(database: Database, wanted: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of the documents with all tags; `#todo` is `todo`, if there is no `#todo`."""
    metadata = DocumentMetadataRepository(database)
    known = metadata.count_tags() if any(tag.startswith("#") for tag in wanted) else {}
    return metadata.find_with_all(tag if tag in known else tag.lstrip("#") for tag in wanted)


def _collection_names(database: Database) -> dict[int, str]:
    collections = CollectionRepository(database).list_collections()
    return {collection.id: collection.name for collection in collections}


def _values(hit: SearchHit, names: Mapping[int, str]) -> dict[str, object]:
    return {
        "collection": names.get(hit.collection_id),
        "path": hit.path,
        "title": hit.title,
        "score": hit.score,
        "snippet": hit.snippet,
    }


def _show(hit: SearchHit, names: Mapping[int, str]) -> None:
    # In an old database a document may have lost its collection.
    path = printable(f"{names.get(hit.collection_id, '?')}/{hit.path}")
    click.echo(f"{path}  {printable(hit.title)}  (score {hit.score:.3g})")
    click.echo(f"    {' '.join(printable(hit.snippet).split())}")
