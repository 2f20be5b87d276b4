"""Write the file of the next migration: the command ``new``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import click

from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource

__all__ = ["NewMigration", "create_migration", "file_slug"]

_LONGEST_SLUG = 60
_MODULE = '''"""{title}."""

VERSION = {version}
DESCRIPTION = {description!r}


def up(db):
    raise NotImplementedError("{number} changes nothing yet")
'''
_SCRIPT = """\
-- {title}

-- Write the script in the place of this statement, which fails:
SELECT * FROM "{number} changes nothing yet";
"""


@dataclass(frozen=True)
class NewMigration:
    """A file that was written: its path, and its version as the file's name begins with it."""

    path: Path
    number: str


def create_migration(
    source: FilesSource, slug: str, description: str, *, script: bool
) -> NewMigration:
    """Write the file of the next version, whose step fails until something is written into it.

    Raises ClickException when the file cannot be written.
    """
    versions = source.versions()
    version = versions[-1] + 1 if versions else 1
    width = len(source.files[-1].path.name.partition("_")[0]) if source.files else 4
    number = f"{version:0{width}d}"
    path = source.folder / f"{number}_{slug}{'.sql' if script else '.py'}"
    try:
        with path.open("x", encoding="utf-8", errors="replace") as file:
            file.write(_text(version, number, " ".join(description.split()), script=script))
    except OSError as error:
        raise click.ClickException(
            f"{shown_path(path)} cannot be written: {error.strerror}; expected a folder to write"
            " into, and no such file in it"
        ) from error
    return NewMigration(path, number)


def file_slug(description: str) -> str:
    """Return the description as a part of a file's name.

    Raises UnusableError where it has no letter or digit for one.
    """
    plain = unicodedata.normalize("NFKD", description).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:_LONGEST_SLUG].rstrip("_")
    if not slug:
        raise UnusableError(
            f"no file name can be made of {description!r}; expected some words in Latin letters or"
            ' digits: pmd-migrations new "add tags"'
        )
    return slug


def _text(version: int, number: str, words: str, *, script: bool) -> str:
    title = (words[0].upper() + words[1:]).rstrip(".")
    if script:
        return _SCRIPT.format(title=title, number=number)
    docstring = title.replace("\\", "\\\\").replace('"""', "'''")
    return _MODULE.format(title=docstring, version=version, number=number, description=title)
