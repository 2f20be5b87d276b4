"""Every statement has a name and prepares; no DDL hides outside the migrations."""

from __future__ import annotations

import ast
import importlib
import re
import sqlite3
from pathlib import Path

import pytest

import pmd
from pmd.store.statements import all_statements

SOURCE = Path(pmd.__file__).parent
REPOSITORIES = sorted(
    path
    for path in [*(SOURCE / "store").glob("*.py"), *(SOURCE / "metadata").rglob("*.py")]
    if path.name not in ("schema.py", "database.py")
)
DDL = re.compile(
    r"\b(CREATE|ALTER|DROP)\s+(TEMP\w*\s+|UNIQUE\s+|VIRTUAL\s+)?(TABLE|INDEX|VIEW|TRIGGER)\b", re.I
)
# The vector table's dimension is a setting; schema.py is only for tests and readers.
DDL_MAY_STAND_IN = {"store/embeddings.py": ["VECTOR_TABLE_SQL"], "store/schema.py": None}


class Names(dict):
    """A value for whichever parameter a statement names."""

    def __missing__(self, name):
        return None


def module_name(path):
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def ddl_in(tree):
    """Return (constant or None, text) of each string with DDL that is no docstring."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    names = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    return [
        (names.get(id(node)), node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and DDL.search(node.value)
    ]


def test_statements_are_named_in_order():
    names = [name for name, _ in all_statements()]
    assert names == sorted(set(names))
    assert "pmd.store.search.SEARCH_SQL" in names
    assert "pmd.metadata.store.repository.SELECT_METADATA_SQL" in names


def test_every_constant_of_every_module_is_there():
    found = {
        f"{module.__name__}.{name}"
        for module in (importlib.import_module(module_name(path)) for path in REPOSITORIES)
        for name in vars(module)
        if name.endswith("_SQL") and not name.startswith("VECTOR_")
    }
    assert found == {name for name, _ in all_statements()}


def test_every_statement_prepares(store):
    for name, sql in all_statements():
        try:
            store.execute(f"EXPLAIN {sql}", Names())
        except sqlite3.Error as error:
            pytest.fail(f"{name}: {error}")


@pytest.mark.parametrize("path", REPOSITORIES, ids=module_name)
def test_what_is_executed_is_a_named_constant(path):
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith("execute")
    ]
    for call in calls:
        statement = call.args[0]
        if isinstance(statement, ast.Call):  # VECTOR_TABLE_SQL.format(dimension=dimension)
            statement = statement.func.value
        assert isinstance(statement, ast.Name), f"{path}:{call.lineno} executes no named constant"
        assert statement.id.endswith("_SQL"), f"{path}:{call.lineno} executes {statement.id}"


def test_no_ddl_stands_outside_the_migrations():
    found = {}
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).as_posix()
        ddl = ddl_in(ast.parse(path.read_text()))
        if ddl and not place.startswith("store/migrations/versions/"):
            found[place] = [name for name, _ in ddl]
    for place, names in DDL_MAY_STAND_IN.items():
        if names is None:
            found.pop(place, None)
        else:
            assert found.pop(place) == names
    assert found == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('db.execute("create table t (a)")', [None]),
        ('MAKE = "CREATE UNIQUE INDEX i ON t (a)"', ["MAKE"]),
        ('f"DROP  TABLE {name}"', [None]),
        ('def f():\n    "Like CREATE TABLE."\n    return "ALTER\\nTABLE t"', [None]),
        ('"""CREATE TABLE in a docstring."""', []),
        ('"the table is created"', []),
    ],
)
def test_ddl_is_seen_wherever_it_stands(source, found):
    tree = ast.parse(source if source.startswith(('"', "def")) else f"0\n{source}")
    assert [name for name, _ in ddl_in(tree)] == found


def test_no_module_imports_the_schema_for_readers():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            assert not [name for name in names if "store.schema" in name], path
