"""The group of all commands of `pmd`, with the option that comes before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping

import click

__all__ = ["main"]


def _add() -> click.Command:
    from pmd.cli.collections import add

    return add


def _index() -> click.Command:
    from pmd.cli.collections import index

    return index


def _search() -> click.Command:
    from pmd.cli.search import search

    return search


def _get() -> click.Command:
    from pmd.cli.documents import get

    return get


def _ls() -> click.Command:
    from pmd.cli.documents import ls

    return ls


def _tags() -> click.Command:
    from pmd.cli.search import tags

    return tags


def _db() -> click.Command:
    from pmd.cli.db import db

    return db


class _Commands(MutableMapping[str, click.Command]):
    """Commands by their names; one is imported when it is asked for, so that each starts quickly.

    A group may be given further commands, so click wants more than a Mapping.
    """

    def __init__(self, **imports: Callable[[], click.Command]) -> None:
        self._imports = imports

    def __getitem__(self, name: str) -> click.Command:
        return self._imports[name]()

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._imports[name] = lambda: command

    def __delitem__(self, name: str) -> None:
        del self._imports[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._imports)

    def __len__(self) -> int:
        return len(self._imports)


@click.group(
    commands=_Commands(
        add=_add, index=_index, search=_search, get=_get, ls=_ls, tags=_tags, db=_db
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="pmd")
@click.option(
    "--db",
    "database",
    metavar="FILE",
    envvar="PMD_DB",
    help="The database; else PMD_DB, else a file in your data folder",
)
def main(database: str | None) -> None:
    """Python Markdown search: an index of your Markdown collections in one SQLite file.

    Exit codes: 0 done, 1 not done or not all of it, 2 wrong usage or something that cannot be
    used.
    """
