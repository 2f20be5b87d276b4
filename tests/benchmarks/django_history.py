"""The history with rows as migrations of a Django app, and django-test-migrations' test of each."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.row_history import ROWS

APP = "notes"
_PYPROJECT = """\
[tool.pytest.ini_options]
DJANGO_SETTINGS_MODULE = "site_settings"
migration_source = "django"
migration_snapshots = "snapshots"
pythonpath = ["."]
"""
_SETTINGS = """\
SECRET_KEY = "of a benchmark"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["notes"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
"""
_MIGRATION = '''\
"""Step {number}."""

from django.db import migrations, models


def fill(apps, schema_editor):
    model = apps.get_model("notes", "t{group}")
    rows = range(1, {rows} + 1)
    model.objects.bulk_create(
        model(name=f"name-{{n}}", val=n * 1.5, extra=f"extra-{{n % 97}}") for n in rows
    )


class Migration(migrations.Migration):
    dependencies = [{before}]
    operations = [{operation}]
'''
_MODEL = """\
class T{group}(models.Model):
    name = models.TextField()
    val = models.FloatField(null=True)
{more}
"""
_TESTS = '''\
"""Each migration tested as the documentation of django-test-migrations has it."""

import pytest

STEPS = {steps!r}


@pytest.mark.parametrize("before, after", [*zip([None, *STEPS], STEPS)])
def test_migration(migrator, before, after):
    migrator.apply_initial_migration(("notes", before))
    state = migrator.apply_tested_migration(("notes", after))
    group = (int(after[:4]) - 1) // 4
    model = state.apps.get_model("notes", f"t{{group}}")
    assert model.objects.count() in (0, {rows})
'''


def write(folder: Path, versions: int) -> None:
    """Write a project of one app with that many migrations to a folder, and the peer's tests."""
    migrations = folder / APP / "migrations"
    migrations.mkdir(parents=True)
    for package in (migrations, migrations.parent):
        (package / "__init__.py").touch()
    (folder / "pyproject.toml").write_text(_PYPROJECT)
    (folder / "site_settings.py").write_text(_SETTINGS)
    (migrations.parent / "models.py").write_text(_models(versions))
    names = [f"{number:04}_step" for number in range(1, versions + 1)]
    for number, name in enumerate(names, start=1):
        before = f'("notes", "{names[number - 2]}")' if number > 1 else ""
        text = _MIGRATION.format(
            number=number,
            group=(number - 1) // 4,
            rows=ROWS,
            before=before,
            operation=_operation(number),
        )
        (migrations / f"{name}.py").write_text(text)
    (folder / "test_steps.py").write_text(_TESTS.format(steps=names, rows=ROWS))


def _operation(number: int) -> str:
    group, kind = divmod(number - 1, 4)
    model = f"t{group}"
    if kind == 0:
        fields = (
            '("id", models.BigAutoField(primary_key=True)), ("name", models.TextField()),'
            ' ("val", models.FloatField(null=True))'
        )
        return f'migrations.CreateModel("T{group}", [{fields}])'
    if kind == 1:
        return f'migrations.AddField("{model}", "extra", models.TextField(null=True))'
    if kind == 2:
        index = f'models.Index(fields=["name", "extra"], name="ix_{model}")'
        return f'migrations.AddIndex("{model}", {index})'
    return "migrations.RunPython(fill, migrations.RunPython.noop)"


def _models(versions: int) -> str:
    """Return the models as the last migration leaves them."""
    texts = ["from django.db import models\n"]
    for group in range((versions + 3) // 4):
        steps = min(4, versions - group * 4)
        more = "    extra = models.TextField(null=True)\n" if steps > 1 else ""
        if steps > 2:
            index = f'models.Index(fields=["name", "extra"], name="ix_t{group}")'
            more += f"\n    class Meta:\n        indexes = [{index}]\n"
        texts.append(_MODEL.format(group=group, more=more))
    return "\n\n".join(texts)
