"""What mends a Django migration that is not one transaction: a line of its own, or a backend."""

from __future__ import annotations

import os
from collections.abc import Sequence
from textwrap import indent
from typing import Any

from pytest_pmd_migrations.messages.wording import wrap_text
from pytest_pmd_migrations.sources.django.parts import part
from pytest_pmd_migrations.sources.django.redirected import ALIAS
from pytest_pmd_migrations.sources.django.settings_module import VARIABLE

__all__ = ["advise_on_transaction"]

_NOT_ATOMIC = (
    "The migration says atomic = False, so that Django commits after each statement. Take that line"
    " out; what can be in no transaction gets a migration of its own."
)
_BACKEND = (
    "Django makes the index of a foreign key last, and records the migration after the COMMIT of"
    " its table. Write this as {file}, beside an empty __init__.py, and name that package in the"
    ' settings: "ENGINE": "{package}".'
)
_CODE = """\
from {engine} import base


class SchemaEditor(base.DatabaseWrapper.SchemaEditorClass):
    def create_model(self, model):
        super().create_model(model)
        # Django itself makes the indexes of a table that it rebuilds.
        if not model._meta.db_table.startswith("new__"):
            while self.deferred_sql:
                self.execute(self.deferred_sql.pop(0), params=None)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = SchemaEditor
"""


def advise_on_transaction(migration: Any) -> Sequence[str]:  # noqa: ANN401 - Django's
    """Return the lines on how one of Django's migrations becomes one transaction.

    None where the project has a backend of its own already, which makes tables in its own way.
    """
    if not migration.atomic:
        return wrap_text(_NOT_ATOMIC)
    engine = part("django.db", "connections").settings[ALIAS]["ENGINE"]
    editor = part("django.db.utils", "load_backend")(engine).DatabaseWrapper.SchemaEditorClass
    if not editor.create_model.__module__.startswith("django."):
        return ()
    beside = os.environ.get(VARIABLE, "").rpartition(".")[0]
    package = f"{beside}.sqlite" if beside else "sqlite_backend"
    file = f"{package.replace('.', '/')}/base.py"
    code = indent(_CODE.format(engine=engine), "    ")
    return (*wrap_text(_BACKEND.format(file=file, package=package)), "", *code.splitlines())
