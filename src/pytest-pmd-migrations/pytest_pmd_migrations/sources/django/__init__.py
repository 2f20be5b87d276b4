"""The source of a Django project: Django's own executor applies its migrations to a copy."""

from __future__ import annotations

from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.django.source import DjangoSource

__all__ = ["make_source"]


def make_source(text: str, root: Path, named: str) -> DjangoSource:
    """Return the source that ``"django"`` or ``"django:app"`` names, in the project at ``root``.

    Nothing of Django is imported before the source is opened or asked. ``named`` is how messages
    name the setting. Raises SourceError for an app that is no name.
    """
    _, colon, app = text.partition(":")
    if colon and not app.isidentifier():
        raise SourceError(
            f'{named} names no app; expected "django" for every app of the project, or'
            ' "django:notes" for the one with the label notes'
        )
    return DjangoSource(app, root=root, named=named)
