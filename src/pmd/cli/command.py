"""The group of all commands of `pmd`, with the option that comes before them."""

from __future__ import annotations

import click

from pmd.cli.collections import add, index
from pmd.cli.db import db
from pmd.cli.documents import get, ls
from pmd.cli.search import search, tags

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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


for command in (add, index, search, get, ls, tags, db):
    main.add_command(command)
