"""Django's table of migrations is asked what Django asks, and its answer read as Django does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("django", reason="Django is not installed in this environment")

PREPARED = """
import sys
import django
from django.conf import settings
database = {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}
settings.configure(DATABASES={"default": database}, USE_TZ=True)
django.setup()
from django.db import connection
from django.db.migrations import loader
from django.db.migrations.recorder import MigrationRecorder
from pytest_pmd_migrations.sources.django.recorder import plain_recorder, recorder_class

def asked(kind):
    statements = []
    def heard(execute, sql, params, many, context):
        statements.append((sql, tuple(params or ())))
        return execute(sql, params, many, context)
    with connection.execute_wrapper(heard):
        try:
            found = kind(connection).applied_migrations()
        except Exception as error:
            return statements, type(error), str(error)
    return statements, {key: getattr(one, "applied", one) for key, one in found.items()}

def same():
    plain, own = asked(recorder_class()), asked(MigrationRecorder)
    assert plain == own == asked(recorder_class()), (plain, own)
    return own
"""
SAME = """
assert same()[1:] == ({},)
recorder = MigrationRecorder(connection)
recorder.record_applied("notes", "0001_initial")
recorder.record_applied("notes", "0002_tag")
assert [*same()[1]] == [("notes", "0001_initial"), ("notes", "0002_tag")]
"""
TIMES = """
MigrationRecorder(connection).record_applied("notes", "0001_initial")
for time in ("2026-13-45 10:00:00", "yesterday"):
    connection.cursor().execute("UPDATE django_migrations SET applied = %s", [time])
    found = same()[1]
    print(found if isinstance(found, dict) else found.__name__)
"""
PUT_BACK = """
try:
    with plain_recorder():
        assert loader.MigrationRecorder is recorder_class()
        raise KeyError
except KeyError:
    assert loader.MigrationRecorder is MigrationRecorder
"""


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        (SAME, ""),
        (TIMES, "ValueError\n{('notes', '0001_initial'): None}\n"),
        (PUT_BACK, ""),
    ],
    ids=["same", "times", "put back"],
)
def test_its_statements_answers_and_errors_are_those_of_djangos_own(
    tmp_path: Path, script: str, printed: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PREPARED + script, str(tmp_path / "app.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, printed), done.stderr
