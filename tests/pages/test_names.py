"""docs/reference/python-api.md has every public name and error; the comparison names real tests."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
from pathlib import Path

from tests.syntax_trees import tree_of

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "src/pmd", ROOT / "src/pytest-pmd-migrations/pytest_pmd_migrations")
NAMES = (ROOT / "docs/reference/python-api.md").read_text(encoding="utf-8")
COMPARISON = (ROOT / "docs/explanation/comparison.md").read_text(encoding="utf-8")

PLUGIN = "pytest_pmd_migrations"
PUBLIC_MODULES = (
    PLUGIN,
    f"{PLUGIN}.errors",
    "pmd.store.migrations",
    "pmd.store.errors",
    "pmd.indexing.errors",
)
NO_ERROR = {"HOW_TO_PREPARE", "Problem"}
"""What stands beside the errors: a setting as messages show it, and what an index run reports."""

NEVER_SEEN = {
    "BrokenDeclarationError": "becomes a finding",
    "CannotAddError": "becomes a line of `declare`",
    "DivergedError": "ends the sharing of two lineages",
    "LibraryNotFoundError": "becomes the reason of a check that cannot be asked",
    "RefusedCopiesError": "lets a table keep the rows that it has",
    "UnusableError": "ends a command with its message",
    "_PreparedError": "ends a loop",
}
"""Errors that are caught by the module that raises them, or by the one that calls it."""


def errors() -> set[str]:
    """The names of all classes of both packages that can be raised."""
    bases = {
        node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        for package in PACKAGES
        for path in package.rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    }

    def can_be_raised(name: str) -> bool:
        known = getattr(builtins, name, None)
        if isinstance(known, type):
            return issubclass(known, BaseException)
        return name == "ClickException" or any(map(can_be_raised, bases.get(name, ())))

    return {*filter(can_be_raised, bases)}


def test_every_public_name_and_every_error_is_on_the_page_of_names():
    listed = re.findall(r"^\| `(\w+)` \|", NAMES, re.MULTILINE)
    public = {name for module in PUBLIC_MODULES for name in importlib.import_module(module).__all__}
    raised = errors()
    assert {"StepFailedError", "StoreError", "StepStopped", "NeedsFileError"} <= raised
    assert {*NEVER_SEEN} <= raised
    elsewhere = {"compare_databases"} & {*importlib.import_module(f"{PLUGIN}.schema").__all__}
    assert (public | elsewhere | raised) - NO_ERROR - {*NEVER_SEEN} == {*listed}
    twice = {name for name in listed if listed.count(name) > 1}
    assert not twice


def test_every_row_of_the_comparison_is_proven_by_a_test_that_exists():
    facts, _, rest = COMPARISON.partition("## What the others do better")
    compared = re.findall(r"^\| ([^|]+) \|", facts.partition("## Facts")[2], re.MULTILINE)
    proofs = re.findall(r"^\| ([^|]+) \| `(tests/[^`]+)` \|$", rest, re.MULTILINE)
    assert {row for row, _ in proofs} == {*compared} - {"---"}
    for row, test in proofs:
        file, _, name = test.partition("::")
        functions = [
            node.name for node in tree_of(ROOT / file).body if isinstance(node, ast.FunctionDef)
        ]
        assert name in functions, f"{row}: {test}"
