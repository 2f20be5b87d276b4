"""Imports run one way, pytest stays on the pytest side, and the public names are the listed ones.

Each rule is one test over all files: where it does not hold, the message lists every file, line
and import that breaks it.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.import_graph import Import, ImportGraph, read

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "src/pmd", ROOT / "src/pytest-pmd-migrations/pytest_pmd_migrations")

FLOORS = {
    "pytest_pmd_migrations": [
        "messages",
        "errors.py",
        "processes",
        "files",
        "git",
        "c_library",
        "still_clock",
        "connections",
        "image.py",
        "pages",
        "limits",
        "sources",
        "snapshots",
        "schema",
        "rows",
        "fill",
        "application",
        "repeated",
        "templates",
        "faults",
        "forecast",
        "checks",
        "grid",
        "report",
        "run_report",
        "report_page",
        "pytest_side",
        "plugin.py",
        "cli",
        "__init__.py",
    ],
    "pmd": [
        "store/clock.py",
        "store/migrations",
        "store/errors.py",
        "store/json_columns.py",
        "store/vector_extension.py",
        "store/schema.py",
        "store/files/file_mode.py",
        "store/files/copying.py",
        "store/files/opening.py",
        "store/files/soundness.py",
        "store/files/pages.py",
        "store/files/backup.py",
        "store/files/upgrade.py",
        "store/database.py",
        "store/files/restore.py",
        "store/files/rehearsal.py",
        "metadata",
        "store/repositories",
        "indexing/errors.py",
        "indexing/patterns.py",
        "indexing/walk.py",
        "indexing/yaml_fields.py",
        "indexing/front_matter.py",
        "indexing/markdown.py",
        "indexing/document_index.py",
        "indexing/index_collection.py",
        "indexing/__init__.py",
        "terminal.py",
        "cli",
        "__main__.py",
        "store/__init__.py",
        "store/files/__init__.py",
        "__init__.py",
    ],
}
"""The rooms of both packages from the lowest floor to the highest: each imports lower ones only."""

UPWARDS = {
    ("pmd/store/repositories/statements.py", "pmd/metadata/store/repository.py"): (
        "it lists every statement of pmd; metadata/store is a path that the plan names"
    ),
}
"""The imports of something that lies above, one folder for another, and why they may stay."""

PYTEST_SIDE = ("pytest_side/", "plugin.py", "cli/")


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return read(*PACKAGES)


def importers(graph: ImportGraph, package: str) -> Iterable[tuple[str, Import]]:
    """Every import of every file of one package, with the file's path inside the package."""
    for file, found in graph.imports.items():
        if file.startswith(f"{package}/"):
            for one in found:
                yield file.removeprefix(f"{package}/"), one


def lines(found: Iterable[tuple[str, Import]]) -> str:
    return "\n".join(f"{file}:{one.line} imports {one.name}" for file, one in found)


def floor(file: str) -> int | None:
    """The number of the floor that a file lies on, in the list of its package."""
    package, _, rest = file.partition("/")
    for number, room in enumerate(FLOORS[package]):
        if rest == room or rest.startswith(f"{room}/"):
            return number
    return None


def test_no_file_is_in_an_import_circle(graph: ImportGraph) -> None:
    circles = graph.circles()
    assert not circles, "import circles:\n" + "\n".join(circles)


def test_files_and_folders_side_by_side_import_each_other_one_way(graph: ImportGraph) -> None:
    gone = [
        f"{file} -> {other}" for file, other in UPWARDS if other not in graph.edges.get(file, ())
    ]
    assert not gone, "in UPWARDS, but not there:\n" + "\n".join(gone)
    circles = graph.without(UPWARDS).circles_of_folders()
    assert not circles, "they import each other:\n" + "\n".join(circles)


def test_every_file_lies_on_a_floor_and_every_floor_has_files(graph: ImportGraph) -> None:
    homeless = [file for file in graph.edges if floor(file) is None]
    assert not homeless, "on no floor of FLOORS:\n" + "\n".join(homeless)
    used = {(file.partition("/")[0], floor(file)) for file in graph.edges}
    empty = [
        f"{package}/{room}"
        for package, rooms in FLOORS.items()
        for number, room in enumerate(rooms)
        if (package, number) not in used
    ]
    assert not empty, "in FLOORS, but not there:\n" + "\n".join(empty)


def test_every_file_imports_its_own_floor_and_lower_ones_only(graph: ImportGraph) -> None:
    upwards = [
        graph.describe(file, imported)
        for file, found in graph.edges.items()
        for imported in found
        if file.partition("/")[0] == imported.partition("/")[0]
        and (floor(imported) or 0) > (floor(file) or 0)
    ]
    assert not upwards, "imports of a higher floor:\n" + "\n".join(upwards)


def test_only_the_pytest_side_imports_pytest(graph: ImportGraph) -> None:
    wrong = lines(
        (file, one)
        for file, one in importers(graph, "pytest_pmd_migrations")
        if one.top in {"pytest", "_pytest"} and not file.startswith(PYTEST_SIDE)
    )
    assert not wrong, wrong


def test_the_plugin_never_imports_pmd_by_name(graph: ImportGraph) -> None:
    """A source may ask for pmd's runner by a string, since pmd need not be installed."""
    wrong = lines(
        (file, one)
        for file, one in importers(graph, "pytest_pmd_migrations")
        if one.top == "pmd" and not (one.by_string and file.startswith("sources/"))
    )
    assert not wrong, wrong


def test_pmd_never_imports_pytest_or_the_plugin(graph: ImportGraph) -> None:
    forbidden = {"pytest", "_pytest", "pytest_pmd_migrations"}
    wrong = lines((file, one) for file, one in importers(graph, "pmd") if one.top in forbidden)
    assert not wrong, wrong


def test_only_the_command_of_pmd_knows_the_terminal(graph: ImportGraph) -> None:
    wrong = lines(
        (file, one)
        for file, one in importers(graph, "pmd")
        if file not in {"terminal.py", "__main__.py"}
        and not file.startswith("cli/")
        and (one.top == "click" or f"{one.name}.".startswith(("pmd.cli.", "pmd.terminal.")))
    )
    assert not wrong, wrong


def test_no_migration_imports_application_code(graph: ImportGraph) -> None:
    """A migration is history: what it imports could change after its release."""
    wrong = lines(
        (file, one)
        for file, one in importers(graph, "pmd")
        if file.startswith("store/migrations/versions/") and one.top == "pmd"
    )
    assert not wrong, wrong


@pytest.mark.parametrize("name", ["pmd", "pytest_pmd_migrations", "pytest_pmd_migrations.schema"])
def test_public_names_are_sorted_and_there(name: str) -> None:
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(module.__all__)
    missing = [public for public in module.__all__ if not hasattr(module, public)]
    assert not missing


def test_a_run_without_flag_and_fixture_imports_nothing_heavy(tmp_path: Path) -> None:
    """Installed means loaded in every pytest run of that machine."""
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    heavy = {'sqlite3', 'sqlite_utils', 'click', 'pmd'} & set(sys.modules)\n"
        "    ours = sorted(m for m in sys.modules if m.startswith('pytest_pmd_migrations'))\n"
        "    assert not heavy\n"
        "    assert ours == ['pytest_pmd_migrations', 'pytest_pmd_migrations.plugin',"
        " 'pytest_pmd_migrations.pytest_side', 'pytest_pmd_migrations.pytest_side.hookspecs']\n"
    )
    without = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *without],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "migration" not in run.stdout


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports them by their names alone: the second one would stop the run."""
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, after in pairwise(names) if name == after] == []
