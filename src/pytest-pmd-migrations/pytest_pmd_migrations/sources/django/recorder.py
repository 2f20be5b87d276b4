"""Ask Django's table of applied migrations what Django asks it, and make no models of the answer.

A run asks three times, whoever watches it: the statements are Django's own, the same in each run.
To make a model of each row of each answer was a tenth of what a whole matrix cost.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pytest_pmd_migrations.sources.django.parts import part

__all__ = ["plain_recorder", "recorder_class"]

_LOADER = "django.db.migrations.loader"
_NAME = "MigrationRecorder"


@cache
def recorder_class() -> Any:  # noqa: ANN401
    """Return a recorder of Django's that tells of an applied migration only when that was."""
    base = part("django.db.migrations.recorder", _NAME)
    statements: dict[str, tuple[str, Any]] = {}
    times: dict[str, object] = {}

    def applied_migrations(recorder: Any) -> dict[tuple[str, str], object]:  # noqa: ANN401
        if not recorder.has_table():
            return {}
        connection = recorder.connection
        if connection.alias not in statements:
            query = recorder.migration_qs.query
            statements[connection.alias] = query.get_compiler(connection=connection).as_sql()
        with connection.cursor() as cursor:
            rows = cursor.execute(*statements[connection.alias]).fetchall()
        for *_, text in rows:
            if text not in times:
                # Where it is no time, this raises as a model would.
                times[text] = connection.ops.convert_datetimefield_value(text, None, connection)
        return {(app, name): times[text] for _, app, name, text in rows}

    return type("PlainRecorder", (base,), {"applied_migrations": applied_migrations})


@contextmanager
def plain_recorder() -> Iterator[None]:
    """Have Django's loader use that recorder in the block."""
    module = importlib.import_module(_LOADER)
    kept = getattr(module, _NAME)
    setattr(module, _NAME, recorder_class())
    try:
        yield
    finally:
        setattr(module, _NAME, kept)
