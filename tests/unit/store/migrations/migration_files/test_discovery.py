"""Numbered files are migrations; a wrong name, a gap or a double number is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pmd.store.migrations
from pmd.store.migrations import InvalidMigrationError, Migration, MigrationError, load_migrations
from tests.every import for_every

GOOD = "VERSION = 1\ndef up(db): pass\n"


def listed(folder):
    return [(migration.version, migration.slug) for migration in load_migrations(folder)]


def test_numbered_files_are_migrations_in_order(tmp_path):
    for name in ["0002_b.sql", "0001_a.py", "__init__.py", "runner.py", "notes.txt", "0003_c.py"]:
        (tmp_path / name).touch()
    assert listed(tmp_path) == [(1, "a"), (2, "b"), (3, "c")]
    assert listed(str(tmp_path)) == listed(tmp_path)
    link = tmp_path / "0004_d.sql"
    link.symlink_to("0002_b.sql")
    assert listed(tmp_path)[3:] == [(4, "d")]
    link.unlink()
    link.symlink_to("elsewhere.sql")
    with pytest.raises(InvalidMigrationError) as caught:
        listed(tmp_path)
    assert str(caught.value) == (
        f"{link}: it is a link to elsewhere.sql, which does not exist. Restore that file."
    )


@pytest.mark.parametrize("name", ["versions", "migrations"])
def test_they_may_lie_in_a_subfolder(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "0001_a.py").touch()
    assert listed(tmp_path) == [(1, "a")]


def test_a_package_is_given_by_name_or_as_a_module():
    by_name = load_migrations("pmd.store.migrations")
    assert [migration.version for migration in by_name] == list(range(1, 13))
    assert load_migrations(pmd.store.migrations) == by_name
    assert by_name[0].load().up.__module__ == "pmd.store.migrations.versions.0001_initial_schema"


def test_a_module_beside_its_migrations_stands_for_their_package(tmp_path, monkeypatch):
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/__init__.py").touch()
    (tmp_path / "beside/run.py").touch()
    (tmp_path / "beside/0001_a.py").write_text(GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    (migration,) = load_migrations("beside.run")
    assert migration.load().up.__module__ == "beside.0001_a"


NAMES = {
    "two files of one number": (
        ["0001_a.py", "0001_b.sql"],
        "0001_b.sql: its number is taken by 0001_a.py; expected each version once. Give the newer"
        " of the two the next free number.",
    ),
    "a gap": (
        ["0001_a.py", "0003_c.py"],
        "0003_c.py: version 0002 is missing before it; expected it after 0001_a.py. Restore the"
        " missing file, or renumber this one.",
    ),
    "no first": (
        ["0002_b.py"],
        "0002_b.py: version 0001 is missing before it; expected it as the first. Restore the"
        " missing file, or renumber this one.",
    ),
    "zero": (
        ["0000_a.py"],
        "0000_a.py: its version is 0; expected numbers from 0001. Renumber it.",
    ),
    "no slug": (
        ["0001.py"],
        "0001.py: its name is no migration's; expected a number, _ and a slug of letters, digits"
        " and _, as in 0007_add_title.py. Rename it.",
    ),
    "a suffix in capitals": (
        ["0001_a.SQL"],
        "0001_a.SQL: its name ends in .SQL; expected .sql. Rename it.",
    ),
    "a dash": (
        ["0001-add-title.py"],
        "0001-add-title.py: its name is no migration's; expected a number, _ and a slug of"
        " letters, digits and _, as in 0007_add_title.py. Rename it.",
    ),
    "a number too high": (
        ["2147483648_a.sql"],
        "2147483648_a.sql: its version is 2147483648; expected at most 2147483647, the highest"
        " that PRAGMA user_version holds. Renumber it.",
    ),
}


@for_every("files, message", NAMES.values(), ids=NAMES)
def test_bad_names_are_refused(tmp_path, files, message):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(InvalidMigrationError) as caught:
        load_migrations(tmp_path)
    assert str(caught.value) == f"{tmp_path}/{message}"
    assert caught.value.path.parent == tmp_path


@pytest.mark.parametrize(
    ("package", "message"),
    [
        (
            "no.such.package",
            "'no.such.package' is neither a package nor a folder; expected where migrations lie",
        ),
        ("sys", "sys has no folder; expected a package that holds NNNN_slug.py files"),
    ],
)
def test_where_there_is_no_folder_is_said(package, message):
    with pytest.raises(MigrationError) as caught:
        load_migrations(package)
    assert str(caught.value) == message


def test_a_path_that_is_no_folder_is_said(tmp_path):
    with pytest.raises(MigrationError) as caught:
        load_migrations(tmp_path / "nowhere")
    assert str(caught.value) == (
        f"{tmp_path / 'nowhere'} is no folder; expected one that holds NNNN_slug.py files"
    )


def test_an_import_error_inside_a_package_stays_itself(tmp_path, monkeypatch):
    (tmp_path / "broken_package").mkdir()
    (tmp_path / "broken_package/__init__.py").write_text("import nothing_of_that_name")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        load_migrations("broken_package")


def test_a_migration_is_a_plain_value(tmp_path):
    one = Migration(1, "a", tmp_path / "0001_a.py")
    assert one == Migration(1, "a", tmp_path / "0001_a.py")
    assert sorted([Migration(2, "b", tmp_path), one])[0] is one


def test_importing_the_package_imports_no_migration_and_nothing_heavy():
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import pmd.store.migrations\n"
        "heavy = ('sqlite_utils', 'click', 'json')\n"
        "print([m for m in set(sys.modules) - before if m in heavy or '.versions' in m])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
