"""A step that raises: the line of the migration, the application's own frames, no others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.upgrade import EMPTY, take_step
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.sources import resolve_source

HEAD = "VERSION = 1\nDESCRIPTION = 'one'\n"
RUNNER = """
import importlib
class MigrationRunner:
    def __init__(self, conn):
        self.conn = conn
    def run_migrations(self, target=None):
        try:
            importlib.import_module(__name__ + ".0001_one").up(self.conn)
        except ZeroDivisionError as error:
            raise RuntimeError("it failed") from error
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield
    sys.path[:] = path
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


def failed(
    step: str,
    *,
    runner: str = "",
    source: str = "shop.steps",
    name: str = "one.py",
    stored: str = "",
    **also: str,
) -> StepFailedError:
    """Take the only step of an application; return the error it ends with."""
    also.update({"shop/__init__": "", "shop/steps/__init__": runner})
    texts = {f"{module}.py": text for module, text in also.items()}
    texts[f"shop/steps/0001_{name}"] = step
    for file, text in texts.items():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(text, encoding="utf-8")
    found = resolve_source(source, root=Path.cwd())
    with closing(EMPTY.connect()) as conn:
        conn.executescript(stored)
        with pytest.raises(StepFailedError) as caught:
            take_step(found, conn, 1)
    return caught.value


def told(error: StepFailedError) -> str:
    return "\n".join((error.headline, *error.lines))


@pytest.mark.parametrize("runner", ["", RUNNER], ids=["pmd's runner", "its own"])
@pytest.mark.parametrize("source", ["shop.steps", "shop/steps"], ids=["package", "folder"])
def test_a_missing_colon(runner: str, source: str) -> None:
    text = f'{HEAD}def up(db):\n    if "a" not in db\n        pass\n'
    error = failed(text, runner=runner, source=source)
    assert told(error) == (
        "0001_one.py cannot be imported: line 4: expected ':'\n"
        "  shop/steps/0001_one.py:4\n"
        '    4 |     if "a" not in db\n'
        "                            ^"
    )
    assert error.line == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{HEAD}def up(db):\n\tdb.execute('''CREATE\n",
            "0001_one.py cannot be imported: line 4: unterminated triple-quoted string literal"
            " (detected at line 4)\n"
            "  shop/steps/0001_one.py:4\n"
            "    4 |  db.execute('''CREATE\n"
            "                    ^",
        ),
        (
            f"{HEAD}def up(db):\npass\n",
            "0001_one.py cannot be imported: line 4: expected an indented block after function"
            " definition on line 3\n"
            "  shop/steps/0001_one.py:4\n"
            "    4 | pass\n"
            "        ^^^^",
        ),
        (
            f"{HEAD}def up(db):\n    return {'x' * 90} y\n",
            "0001_one.py cannot be imported: line 4: invalid syntax\n"
            "  shop/steps/0001_one.py:4\n"
            f"    4 | {'x' * 66} y\n"
            f"        {' ' * 67}^",
        ),
    ],
    ids=["string", "block", "long line"],
)
def test_other_syntax_errors(text: str, expected: str) -> None:
    assert told(failed(text)) == expected


def test_a_syntax_error_in_a_module_that_the_migration_imports() -> None:
    error = failed(
        f"from shop.text import trim\n{HEAD}def up(db): ...\n", **{"shop/text": "x = (\n"}
    )
    assert told(error) == (
        "0001_one.py cannot be imported: text.py, line 1: '(' was never closed\n"
        "  shop/text.py:1\n"
        "    1 | x = (\n"
        "            ^"
    )
    assert error.line is None


def test_a_module_that_raises_when_it_is_imported() -> None:
    error = failed(f"{HEAD}NAMES = trim('ab')\ndef up(db): ...\n")
    assert told(error) == (
        "0001_one.py cannot be imported: line 3: NameError: name 'trim' is not defined\n"
        "  shop/steps/0001_one.py:3, in <module>\n"
        "    NAMES = trim('ab')"
    )


TEXT = "def halve(whole, parts):\n    return whole / parts\n"
UP = "from shop.text import halve\n" + HEAD + "def up(db):\n    halve(1, 0)\n"


@pytest.mark.parametrize("runner", ["", RUNNER], ids=["pmd's runner", "its own"])
def test_an_exception_is_shown_with_the_application_s_frames_alone(runner: str) -> None:
    error = failed(UP, runner=runner, **{"shop/text": TEXT})
    assert error.headline == ""
    assert error.lines == (
        "  shop/steps/0001_one.py:5, in up",
        "    halve(1, 0)",
        "  shop/text.py:2, in halve",
        "    return whole / parts",
    )
    assert error.line == 5


def test_of_many_frames_the_last_are_shown_and_the_migration_s_own() -> None:
    deep = "def halve(n, _):\n    return 1 / n if n < 1 else halve(n - 1, 0)\n"
    error = failed(UP.replace("(1, 0)", "(9, 0)"), **{"shop/text": deep})
    frame = ("  shop/text.py:2, in halve", "    return 1 / n if n < 1 else halve(n - 1, 0)")
    assert error.lines == ("  shop/steps/0001_one.py:5, in up", "    halve(9, 0)", *(frame * 3))


def test_frames_of_a_library_are_left_out() -> None:
    error = failed(f"{HEAD}def up(db):\n    db['notes'].insert_all([{{'a': object()}}])\n")
    assert error.lines == (
        "  shop/steps/0001_one.py:4, in up",
        "    db['notes'].insert_all([{'a': object()}])",
    )


def test_a_script_names_the_line_of_its_statement() -> None:
    script = "-- One\nCREATE TABLE a(b);\n\nCREATE TABLE c(\n    d\n);\nDROP TABLE gone;\n"
    error = failed(script, name="one.sql")
    assert (error.lines, error.line) == (("  shop/steps/0001_one.sql:7",), 7)
    twice = failed("DROP TABLE gone;\n-- Again: DROP TABLE gone;\n", name="one.sql")
    assert (twice.lines, twice.line) == ((), None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "one.py",
            f"{HEAD}def up(db):\n    raise NotImplementedError('0001 changes nothing yet')\n",
        ),
        ("one.sql", 'SELECT * FROM "0001 changes nothing yet";\n'),
    ],
)
def test_an_untouched_migration_says_so(name: str, text: str) -> None:
    assert failed(text, name=name).headline == "0001 changes nothing yet"


ADOPT = (
    "",
    "This database is unversioned: it has tables, but no version, so the runner",
    "began with 0001_one.py.",
    "To adopt such databases, let that migration make only what is missing",
    "(CREATE TABLE IF NOT EXISTS) and give old shapes the new one in a later",
    "migration. Or, where its schema is that of a version N, let the application",
    "stamp it with N before the first upgrade, and store it as N+name.db.",
)


@pytest.mark.parametrize(
    ("stored", "statement"),
    [
        ("CREATE TABLE notes(a)", "CREATE TABLE notes(a)"),
        ('CREATE TABLE "my notes"(a)', 'CREATE TABLE "my notes"(a)'),
        ("CREATE TABLE notes(a)", "ALTER TABLE notes ADD COLUMN a"),
        ("CREATE VIEW notes AS SELECT 1", "CREATE VIEW notes AS SELECT 1"),
        ("CREATE TABLE t(a); CREATE INDEX i ON t(a)", "CREATE INDEX i ON t(a)"),
    ],
)
def test_an_unversioned_database_is_called_so(stored: str, statement: str) -> None:
    error = failed(f"{HEAD}def up(db):\n    db.execute({statement!r})\n", stored=stored)
    assert error.lines == (
        "  shop/steps/0001_one.py:4, in up",
        f"    db.execute({statement!r})",
        *ADOPT,
    )


@pytest.mark.parametrize(
    ("stored", "statement"),
    [
        ("", "CREATE TABLE notes(a); CREATE TABLE notes(a)"),
        ("CREATE TABLE other(a)", "CREATE TABLE notes(a); CREATE TABLE notes(a)"),
        ("CREATE TABLE other(a)", "DROP TABLE notes"),
    ],
)
def test_another_fault_of_the_first_step_is_no_matter_of_versions(
    stored: str, statement: str
) -> None:
    error = failed(f"{HEAD}def up(db):\n    db.executescript({statement!r})\n", stored=stored)
    assert len(error.lines) == 2


def test_the_line_of_a_migration_is_the_one_it_has_now() -> None:
    first = failed(f"{HEAD}def up(db):\n    raise ValueError('one')\n")
    second = failed(f"{HEAD}def up(db):\n    raise ValueError('three')\n")
    assert first.lines[1] == "    raise ValueError('one')"
    assert second.lines[1] == "    raise ValueError('three')"


CONFLICT = "-- a\n<<<<<<< HEAD\nCREATE TABLE a(b);\n=======\nCREATE TABLE a(c);\n>>>>>>> x\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("name", ["one.py", "one.sql"])
def test_what_git_left_in_the_place_of_a_migration_is_named(name: str) -> None:
    conflict = failed(CONFLICT.replace("--", "#") if name == "one.py" else CONFLICT, name=name)
    assert told(conflict) == (
        f"0001_{name} has a merge conflict in line 2\n  shop/steps/0001_{name}:2"
    )
    assert conflict.line == 2
    pointer = failed(POINTER, name=name)
    fetch = "git lfs install && git lfs pull"
    assert pointer.headline == f"0001_{name} is a git-lfs pointer: {fetch}"


def test_a_virtual_table_names_the_module_or_tokenizer_that_it_needs() -> None:
    step = f"{HEAD}def up(db):\n    db.execute('CREATE VIRTUAL TABLE places USING geo(a)')\n"
    error = failed(step)
    assert error.lines[-4:] == (
        "The virtual table places needs the module geo, which SQLite has not. Where",
        "the application loads it into its own connections, as an extension, name the",
        'function that does: migration_connection = "app.db:prepare"',
        "(docs/howto/functions-and-collations.md). Else mend its name.",
    )
    assert error.missing == ("module", "geo")


def test_a_virtual_table_that_is_there_already_is_known_by_the_schema() -> None:
    unread = (
        "CREATE VIRTUAL TABLE a USING fts5(t); CREATE VIRTUAL TABLE b USING fts5(t);"
        " PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '(t)',"
        " '(t, tokenize=''snow'')') WHERE name IN ('a', 'b'); PRAGMA writable_schema = RESET;"
    )
    error = failed(
        f"{HEAD}def up(db):\n    db.execute('INSERT INTO a VALUES (1)')\n", stored=unread
    )
    assert error.lines[-4].startswith("The virtual tables a, b need the tokenizer snow, which")
