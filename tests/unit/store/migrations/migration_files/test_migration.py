"""A migration's file is checked before it runs, and a module is executed once a process."""

from __future__ import annotations

import os

import pytest

from pmd.store.migrations import InvalidMigrationError, Migration, load_migrations
from tests.every import for_every

GOOD = "VERSION = 1\ndef up(db): pass\n"


def load_first(folder):
    return load_migrations(folder)[0].load()


MODULES = {
    "no VERSION": ("def up(db): pass", "has no VERSION; expected VERSION = 1."),
    "another VERSION": (
        "VERSION = 2\ndef up(db): pass",
        "VERSION is 2, but the number in its name is 1; expected the two to agree.",
    ),
    "a VERSION that is no int": (
        "VERSION = True\ndef up(db): pass",
        "VERSION is True, but the number in its name is 1; expected the two to agree.",
    ),
    "no up": ("VERSION = 1", "has no up; expected a function up(db)."),
    "an async up": (
        "VERSION = 1\nasync def up(db): pass",
        "its up would not run when called: it is async or a generator; expected a plain function"
        " up(db).",
    ),
    "a generator up": (
        "VERSION = 1\ndef up(db): yield",
        "its up would not run when called: it is async or a generator; expected a plain function"
        " up(db).",
    ),
    "an up without db": (
        "VERSION = 1\ndef up(): pass",
        "its up cannot be called as up(db): too many positional arguments.",
    ),
    "a DESCRIPTION that is no text": (
        "VERSION = 1\nDESCRIPTION = 7\ndef up(db): pass",
        "DESCRIPTION is 7; expected a text.",
    ),
    "DELETES that is no dict": (
        "VERSION = 1\nDELETES = 'DROP it'\ndef up(db): pass",
        'DELETES is \'DROP it\'; expected a dict, {"table": ("<SQL over the old row>",'
        ' "<reason>")} for some rows, {"table": "DROP"} or {"table.column": "DROP"} for all rows or'
        " values.",
    ),
    "CHANGES that is no dict": (
        "VERSION = 1\nCHANGES = 't.v'\ndef up(db): pass",
        'CHANGES is \'t.v\'; expected a dict, {"table.column": ("<SQL over the old row>",'
        ' "<reason>")}.',
    ),
    "MOVES that is no dict": (
        "VERSION = 1\nMOVES = None\ndef up(db): pass",
        'MOVES is None; expected a dict, {"old_table.column": "new_table.column"}.',
    ),
    "an excuse that is no dict": (
        "VERSION = 1\nGUARDS = 't'\ndef up(db): pass",
        'GUARDS is \'t\'; expected a dict, {"name": "<reason>"}.',
    ),
    "an AGAIN that is no text": (
        "VERSION = 1\nAGAIN = True\ndef up(db): pass",
        "AGAIN is True; expected a text, the reason.",
    ),
    "an import error": (
        "import nothing_of_that_name",
        "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'. Mend"
        " the module; no step was taken.",
    ),
}


@for_every("text, message", MODULES.values(), ids=MODULES)
def test_bad_modules_are_refused(tmp_path, text, message):
    path = tmp_path / "0001_a.py"
    path.write_text(text)
    (migration,) = load_migrations(tmp_path)
    with pytest.raises(InvalidMigrationError) as caught:
        migration.load()
    assert str(caught.value) == f"{path}: {message}"


def test_a_syntax_error_names_the_file(tmp_path):
    (tmp_path / "0001_a.py").write_text("def up(db:\n")
    (migration,) = load_migrations(tmp_path)
    with pytest.raises(InvalidMigrationError, match=r"0001_a\.py: cannot be imported: SyntaxError"):
        migration.load()


def test_a_file_that_is_no_text_no_longer_there_or_of_another_kind_is_refused(tmp_path):
    (tmp_path / "0001_a.sql").write_bytes(b"\xff\xfe")
    (migration,) = load_migrations(tmp_path)
    with pytest.raises(InvalidMigrationError, match="expected an SQL script in UTF-8"):
        migration.load()
    migration.path.unlink()
    with pytest.raises(
        InvalidMigrationError, match="cannot be read: No such file or directory; exp"
    ):
        migration.load()
    path = tmp_path / "0001_a.txt"
    path.write_text(GOOD)
    with pytest.raises(
        InvalidMigrationError, match=r"imported: ImportError: no loader for 0001_a\.txt"
    ):
        Migration(1, "a", path).load()


def test_what_is_not_described_is_called_by_its_slug(tmp_path):
    (tmp_path / "0001_add_some_title.py").write_text(GOOD)
    (tmp_path / "0002_and_more.sql").write_text("SELECT 1;")
    described = [migration.load().description for migration in load_migrations(tmp_path)]
    assert described == ["add some title", "and more"]


DECLARING = """
VERSION = 1
DELETES = {"t": ("x = 1", "strays"), "u": "DROP"}
CHANGES = {"t.x": 7}
MOVES = {"t.x": "v.y", "t.z": ("v.y", "w.y")}
ORPHANS = {"t": "never enforced"}
AGAIN = "it appends"
def up(db): pass
def verify(before, after): pass
"""


def test_declarations_are_given_as_they_are_written(tmp_path):
    (tmp_path / "0001_a.py").write_text(DECLARING)
    loaded = load_first(tmp_path)
    assert loaded.deletes == {"t": ("x = 1", "strays"), "u": "DROP"}
    assert loaded.changes == {"t.x": 7}
    assert loaded.moves == {"t.x": "v.y", "t.z": ("v.y", "w.y")}
    assert loaded.verify.__name__ == "verify"
    assert loaded.excuses == {"ORPHANS": {"t": "never enforced"}, "AGAIN": "it appends"}


@pytest.mark.parametrize("name", ["0001_a.py", "0001_a.sql"])
def test_what_declares_nothing_has_empty_declarations(tmp_path, name):
    (tmp_path / name).write_text(GOOD if name.endswith(".py") else "SELECT 1;")
    loaded = load_first(tmp_path)
    assert (loaded.deletes, loaded.changes, loaded.moves) == ({}, {}, {})
    assert loaded.verify is None


def test_a_module_of_a_folder_is_executed_once_while_it_is_unchanged(tmp_path):
    path = tmp_path / "0001_a.py"
    path.write_text(GOOD)
    first = load_first(tmp_path)
    assert load_first(tmp_path).up is first.up
    os.utime(path, (0, 0))
    assert load_first(tmp_path).up is first.up


def test_a_module_of_a_folder_is_executed_once_by_whichever_way_its_path_is_given(
    tmp_path, monkeypatch
):
    (tmp_path / "0001_a.py").write_text(GOOD)
    first = load_first(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load_first(".").up is first.up


def test_a_changed_module_is_executed_again(tmp_path):
    path = tmp_path / "0001_a.py"
    path.write_text(f"DESCRIPTION = 'before'\n{GOOD}")
    assert load_first(tmp_path).description == "before"
    path.write_text(f"DESCRIPTION = 'after it'\n{GOOD}")
    assert load_first(tmp_path).description == "after it"


def test_a_module_that_raised_is_executed_again(tmp_path):
    (tmp_path / "0001_a.py").write_text(f"import os\nos.environ['NOT_YET_SET']\n{GOOD}")
    for _ in range(2):
        with pytest.raises(InvalidMigrationError, match="cannot be imported: KeyError"):
            load_first(tmp_path)


def test_modules_of_one_name_in_two_folders_are_two_modules(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0001_a.py").write_text(f"DESCRIPTION = {name!r}\n{GOOD}")
    loaded = [load_first(tmp_path / name) for name in ("one", "two", "one")]
    assert [one.description for one in loaded] == ["one", "two", "one"]
    assert loaded[0].up is loaded[2].up


def test_a_module_of_a_package_is_the_one_that_import_gives(tmp_path, monkeypatch):
    (tmp_path / "imported").mkdir()
    (tmp_path / "imported/__init__.py").touch()
    (tmp_path / "imported/0001_a.py").write_text(GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    first = load_first("imported")
    assert load_first("imported").up is first.up
    assert first.up.__module__ == "imported.0001_a"
