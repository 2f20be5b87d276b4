"""A Django project of six steps: two apps of its own, and one of a third party between them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.tools.tried_project import TriedProject

PROJECTS = Path(__file__).parent / "projects"
DATABASE = "precious.sqlite3"
WEDGED = {("0001", "atomic"), ("0003", "atomic"), ("0004", "atomic")}
"""Those that make a table with a foreign key: Django records such a one after its COMMIT."""
NO_FAULTS = "--migration-checks=schema,data,statements,again,frozen,down"

pytest.importorskip("django", reason="Django is not installed in this environment")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TriedProject:
    monkeypatch.setenv("PYTHONPATH", str(PROJECTS / "third-party"))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    return TriedProject(PROJECTS / "shop", tmp_path, files=(DATABASE,))


def lock_ids(project: TriedProject) -> list[str]:
    text = (project.path / "fixtures/snapshots/frozen.toml").read_text(encoding="utf-8")
    return [line.split('"')[1] for line in text.splitlines() if line.startswith("id = ")]


def append(project: TriedProject, name: str, text: str) -> None:
    path = project.path / name
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def write(project: TriedProject, name: str, dependencies: str, operations: str) -> None:
    path = project.path / name
    path.write_text(
        "from django.db import migrations, models\n\n\n"
        "class Migration(migrations.Migration):\n"
        f"    dependencies = [{dependencies}]\n\n"
        f"    operations = [{operations}]\n",
        encoding="utf-8",
    )


def test_six_steps_are_green_but_for_what_django_itself_leaves_wedged(shop: TriedProject) -> None:
    printed = shop.released().matrix("-n2")
    assert "3 failed, 27 passed" in printed.text, printed.text
    told = " ".join(printed.text.split())
    the_same = "0001 notes.0001_initial, 0003 notes.0003_comment, 0004 labels.0001_initial"
    assert f"wedged by crash the same at {the_same}" in told
    assert "migrations: django 0001..0006 by Django " in printed.text
    assert 'raises OperationalError: table "auth_permission" already' in printed.text
    assert "torn" not in printed.text
    assert lock_ids(shop) == [
        "notes.0001_initial",
        "notes.0002_note_stars",
        "notes.0003_comment",
        "labels.0001_initial",
        "notes.0004_fill_slugs",
        "notes.0005_longer_titles",
    ]


def test_the_backend_that_a_finding_shows_leaves_nothing_wedged(shop: TriedProject) -> None:
    wedged = shop.released().matrix("migrations::0003[atomic]")
    assert wedged.failed == {("0003", "atomic")}, wedged.text
    told = " ".join(wedged.text.split())
    assert "Write this as mysite/sqlite/base.py, beside an empty __init__.py, and name" in told
    assert 'settings: "ENGINE": "mysite.sqlite".' in told
    begin = "    from django.db.backends.sqlite3 import base\n"
    _, _, rest = wedged.text.partition(begin)
    code = dedent(begin + rest.partition("\nagain: ")[0])
    folder = shop.path / "mysite/sqlite"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "base.py").write_text(code, encoding="utf-8")
    shop.edit("mysite/settings.py", "django.db.backends.sqlite3", "mysite.sqlite")
    made = [f"migrations::{version}[atomic]" for version, _ in sorted(WEDGED)]
    printed = shop.matrix("-n2", *made)
    assert printed.code == 0, printed.text
    assert "3 ok of 30" in printed.text


@pytest.mark.parametrize("without", [(), ("-p", "no:django")], ids=["pytest-django", "without"])
def test_an_edited_step_alone_is_blamed(shop: TriedProject, without: tuple[str, ...]) -> None:
    shop.released()
    good = shop.matrix(NO_FAULTS, *without)
    assert good.code == 0, good.text
    shop.edit("notes/migrations/0002_note_stars.py", "Field(default=0)", "Field(default=5)")
    edited = shop.matrix(NO_FAULTS, *without)
    assert edited.failed == {("0002", "frozen")}, edited.text
    assert "0002_note_stars.py was edited after release" in edited.text


def test_a_step_in_no_transaction_is_found_to_be_torn(shop: TriedProject) -> None:
    shop.edit(
        "notes/migrations/0005_longer_titles.py",
        "    dependencies",
        "    atomic = False\n\n    dependencies",
    )
    shop.edit(
        "notes/migrations/0005_longer_titles.py",
        "operations = [",
        'operations = [\n        migrations.RunSQL("UPDATE notes_note SET stars = stars + 1"),',
    )
    append(
        shop,
        "notes/migrations/0005_longer_titles.py",
        '\n\nCHANGES = {"notes_note.stars": ("1", "one more for everybody")}\n',
    )
    torn = shop.released().matrix("migrations::0006[atomic]")
    assert torn.failed == {("0006", "atomic")}, torn.text
    assert "0005_longer_titles.py is not atomic" in torn.text
    assert "The migration says atomic = False, so that Django commits" in torn.text


def test_what_is_added_later_takes_the_next_numbers_and_moves_none(shop: TriedProject) -> None:
    shop.released()
    before = lock_ids(shop)
    # Django applies it to a new database before notes.0004, which is released.
    write(
        shop,
        "labels/migrations/0002_colour.py",
        '("labels", "0001_initial"), ("shelf", "0003_shelf_floor")',
        'migrations.AddField("label", "colour", models.CharField(max_length=9, default=""))',
    )
    write(
        shop,
        "notes/migrations/0006_tag.py",
        '("notes", "0005_longer_titles"), ("labels", "0002_colour")',
        'migrations.CreateModel("Tag", [("id", models.BigAutoField(primary_key=True))])',
    )
    added = shop.run("pmd-migrations", "snapshot")
    assert added.code == 0, added.text
    assert lock_ids(shop) == [*before, "labels.0002_colour", "notes.0006_tag"]
    good = shop.matrix(NO_FAULTS, "-n2")
    assert good.code == 0, good.text


def test_one_app_is_tested_alone(shop: TriedProject) -> None:
    shop.edit("pyproject.toml", '"django"', '"django:labels"')
    printed = shop.released().matrix(NO_FAULTS)
    assert printed.code == 0, printed.text
    assert lock_ids(shop) == ["labels.0001_initial"]


def test_a_row_that_code_cannot_save_is_told_once_by_where_it_was_saved(shop: TriedProject) -> None:
    """Django refuses its own PRAGMA after that, and says so in another error."""
    shop.released()
    path = "notes/migrations/0006_owners.py"
    write(shop, path, '("notes", "0005_longer_titles")', "migrations.RunPython(give)")
    shop.edit(
        path,
        "class Migration",
        "def give(apps, editor):\n"
        "    for note in apps.get_model('notes', 'Note').objects.all():\n"
        "        note.title = None\n"
        "        note.save()\n\n\n"
        "class Migration",
    )
    found = shop.matrix(NO_FAULTS)
    told = " ".join(found.text.split())
    raised = "the step to 0007 raised IntegrityError: NOT NULL constraint failed: notes_note.title"
    assert f"{raised} notes/migrations/0006_owners.py:7, in give note.save()" in told, found.text
    assert "TransactionManagementError" not in told
    assert ("0007", "again") in found.failed


def test_ways_back_are_taken_and_missing_ones_are_told(shop: TriedProject) -> None:
    append(shop, "pyproject.toml", "migration_down = true\n")
    shop.edit("notes/migrations/0004_fill_slugs.py", "fill, migrations.RunPython.noop", "fill")
    printed = shop.released().matrix("--migration-checks=down", "-v")
    assert printed.code == 0, printed.text
    assert "5 ok, 1 none" in printed.text
    assert "irreversible" in printed.text


def test_code_of_a_migration_reaches_the_copy_by_every_road(shop: TriedProject) -> None:
    (shop.path / "notes/migrations/0006_roads.py").write_text(ROADS, encoding="utf-8")
    printed = shop.released().matrix(NO_FAULTS)
    assert printed.code == 0, printed.text
    shop.edit("notes/migrations/0006_roads.py", 'using("default")', 'using("archive")')
    shop.edit(
        "mysite/settings.py",
        "DATABASES = {\n",
        'DATABASES = {\n    "archive": {\n        "ENGINE": "django.db.backends.sqlite3",\n'
        '        "NAME": BASE_DIR / "archive.sqlite3",\n    },\n',
    )
    refused = shop.matrix("--migration-checks=schema")
    assert "the database 'archive' was asked for, and only 'default' is" in " ".join(
        refused.text.split()
    )
    assert not (shop.path / "archive.sqlite3").exists()


ROADS = """\
import sqlite3
import threading

from django.conf import settings
from django.db import connection, connections, migrations

from notes.models import Note


def roads(apps, schema_editor):
    paths = {str(settings.DATABASES["default"]["NAME"]), str(connection.settings_dict["NAME"])}
    if len(paths) != 1 or settings.DEBUG:
        raise ValueError(f"several databases, or DEBUG: {paths}")
    found = []

    def other_thread():
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM notes_note")
            found.append(cursor.fetchone()[0])
        connections["default"].close()

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    rows = apps.get_model("notes", "Note").objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM notes_note")
        found.append(cursor.fetchone()[0])
    if [Note.objects.using("default").count(), rows] != found:
        raise ValueError(f"{found} and {rows}")


class Migration(migrations.Migration):
    dependencies = [("notes", "0005_longer_titles")]

    operations = [migrations.RunPython(roads, migrations.RunPython.noop)]
"""
