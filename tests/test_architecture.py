"""Imports go one way, pytest stays on the pytest side, and the public names are the ones listed."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "src/pytest-pmd-migrations/pytest_pmd_migrations"
PMD = ROOT / "src/pmd"

ORDER = [
    "errors",
    "wording",
    "image",
    "sources",
    "snapshots",
    "schema",
    "rows",
    "fill",
    "application",
    "faults",
    "checks",
    "grid",
    "report",
    "pytest_side",
    "plugin",
    "cli",
]
PYTEST_SIDE = {"pytest_side", "plugin", "cli"}
EARLIER_PARTS = {"rows": {"sources.declarations"}, "snapshots": {"sources.declarations"}}


def modules(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def room(path: Path) -> str:
    relative = path.relative_to(PLUGIN)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Every module that a file imports when it runs (not those only for type checkers)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped.update(ast.walk(node))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def test_every_room_of_the_plugin_has_its_place_in_the_order() -> None:
    rooms = {room(path) for path in modules(PLUGIN)} - {"__init__"}
    assert rooms == set(ORDER)


@pytest.mark.parametrize("path", modules(PLUGIN), ids=lambda p: str(p.relative_to(PLUGIN)))
def test_imports_go_up_the_order_only(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return
    later = ORDER[ORDER.index(own) + 1 :]
    wrong = {
        f"{own} imports {name}"
        for name in imports(path)
        for other in later
        if name == f"pytest_pmd_migrations.{other}"
        or name.startswith(f"pytest_pmd_migrations.{other}.")
    }
    assert not wrong


@pytest.mark.parametrize("path", modules(PLUGIN), ids=lambda p: str(p.relative_to(PLUGIN)))
def test_only_the_pytest_side_imports_pytest(path: Path) -> None:
    if room(path) in PYTEST_SIDE:
        return
    assert not {name for name in imports(path) if name.split(".")[0] in {"pytest", "_pytest"}}


@pytest.mark.parametrize("path", modules(PLUGIN), ids=lambda p: str(p.relative_to(PLUGIN)))
def test_the_plugin_never_imports_pmd_by_name(path: Path) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] == "pmd"}


@pytest.mark.parametrize("path", modules(PMD), ids=lambda p: str(p.relative_to(PMD)))
def test_pmd_never_imports_pytest_or_the_plugin(path: Path) -> None:
    forbidden = {"pytest", "_pytest", "pytest_pmd_migrations"}
    assert not {name for name in imports(path) if name.split(".")[0] in forbidden}


@pytest.mark.parametrize("path", modules(PMD), ids=lambda p: str(p.relative_to(PMD)))
def test_only_the_command_of_pmd_knows_the_terminal(path: Path) -> None:
    if path.parent == PMD and path.stem in {"cli", "terminal"}:
        return
    wrong = {"click", "pmd.cli", "pmd.terminal"}
    assert not {name for name in imports(path) if name in wrong or name.split(".")[0] == "click"}


STORE_ORDER = [
    "migrations",
    "errors",
    "files/copying",
    "files/opening",
    "files/soundness",
    "files/pages",
    "files/backup",
    "files/upgrade",
    "database",
    "files/restore",
    "files/rehearsal",
]


@pytest.mark.parametrize("name", STORE_ORDER)
def test_opening_and_keeping_a_database_import_one_way(name: str) -> None:
    path = PMD / "store" / name
    found = set().union(
        *map(imports, modules(path) if path.is_dir() else [path.with_suffix(".py")])
    )
    later = STORE_ORDER[STORE_ORDER.index(name) + 1 :]
    assert not {
        f"{name} imports {other}"
        for other in later
        if f"pmd.store.{other.replace('/', '.')}" in found
    }


@pytest.mark.parametrize(
    "path",
    modules(PMD / "store/migrations/versions"),
    ids=lambda p: p.name,
)
def test_no_migration_imports_application_code(path: Path) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] == "pmd"}


@pytest.mark.parametrize("name", ["pmd", "pytest_pmd_migrations"])
def test_public_names_are_sorted_and_there(name: str) -> None:
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(module.__all__)
    for public in module.__all__:
        assert hasattr(module, public), public


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
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "migration" not in run.stdout
