"""The next migration's file, ready to be written."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import click

from pytest_pmd_migrations.sources.modules import ModulesSource

__all__ = ["create_migration"]

_MODULE = '''"""{title}."""

VERSION = {version}
DESCRIPTION = {description!r}


def up(db):
    db.execute("")
'''


def create_migration(source: ModulesSource, description: str, *, script: bool) -> Path:
    """Write the file of the next version and return its path; it exists no sooner.

    Raises ClickException when the description holds no letter or digit.
    """
    slug = _slug(description)
    if not slug:
        raise click.ClickException(
            f'{description!r} names no migration; expected some words: new "add tags"'
        )
    versions = source.versions()
    version = versions[-1] + 1 if versions else 1
    width = len(source.files[-1].path.name.partition("_")[0]) if source.files else 4
    suffix = ".sql" if script else ".py"
    path = source.folder / f"{version:0{width}d}_{slug}{suffix}"
    title = description.strip()
    title = title[0].upper() + title[1:]
    text = (
        f"-- {title}\n"
        if script
        else _MODULE.format(
            title=title.replace("\\", "\\\\").replace('"""', "'''"),
            version=version,
            description=title,
        )
    )
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def _slug(description: str) -> str:
    plain = unicodedata.normalize("NFKD", description).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
