"""Every statement has a name and prepares; no DDL hides outside the migrations."""

from __future__ import annotations

import ast
import importlib
import re
import sqlite3
from pathlib import Path

import pytest

import pmd
from pmd.store.repositories.statements import all_statements
from tests.every import for_every

SOURCE = Path(pmd.__file__).parent
# What opens the file asks SQLite about its version, not for pmd's rows, as store/files does.
REPOSITORIES = sorted(
    path
    for folder in (SOURCE / "store", SOURCE / "store/repositories")
    for path in [*folder.glob("*.py"), *(SOURCE / "metadata").rglob("*.py")]
    if path.stem not in {"schema", "database"}
)
HOLE = "{}"
DDL = re.compile(
    r"\b(CREATE|ALTER|DROP)\s+((TEMP\w*|UNIQUE|VIRTUAL)\s+)*"
    r"(TABLE\b|INDEX\b|VIEW\b|TRIGGER\b|\{\w*\}|%s)",
    re.I,
)
SQL_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.S)
# The vector table's dimension is a setting; schema.py is only for tests and readers. Among the
# migrations, the runner drops what a step left in temp, and makes SQLite forget statements by an
# empty database of its own. Which tables are full-text is read from their text.
DDL_MAY_STAND_IN = {
    "store/repositories/embeddings.py": ["VECTOR_TABLE_SQL"],
    "store/schema.py": ["SCHEMA_SQL"],
    "store/migrations/connection/statement_cache.py": [None, None],
    "store/migrations/connection/temporary_objects.py": [None],
    "store/files/soundness.py": ["_FTS_TABLES"],
}
# sqlite-utils makes and changes tables by these.
MAKERS = {
    "add_column", "add_foreign_key", "add_foreign_keys", "create", "create_index", "create_table",
    "create_view", "disable_fts", "drop", "duplicate", "enable_counts", "enable_fts", "extract",
    "rename_table", "transform",
}  # fmt: skip


class Names(dict):
    """A value for whichever parameter a statement names."""

    def __missing__(self, name):
        return None


def module_name(path):
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def text_of(node):
    """Return the text that an expression of literals makes, with a hole for what is not one."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(hole_or(part) for part in parts)
        case ast.FormattedValue(value=value):
            return text_of(value)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            if text_of(left) is None and text_of(right) is None:
                return None
            return hole_or(left) + hole_or(right)
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str(between)), attr="join"),
            args=[ast.List(elts=parts) | ast.Tuple(elts=parts)],
        ):
            return between.join(hole_or(part) for part in parts)
    return None


def hole_or(node):
    text = text_of(node)
    return HOLE if text is None else text


def ddl_in(tree):
    """Return (constant or None, what) of each text with DDL, docstrings aside, and each maker."""
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
    found, seen = [], set(docstrings)
    for node in ast.walk(tree):  # from the outside in
        if id(node) in seen:
            continue
        text = text_of(node)
        if text is not None:
            seen.update(id(inner) for inner in ast.walk(node))
            if DDL.search(SQL_COMMENT.sub(" ", text)):
                found.append((names.get(id(node)), text))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MAKERS
        ):
            found.append((None, f".{node.func.attr}()"))
    return found


def test_statements_are_named_in_order():
    names = [name for name, _ in all_statements()]
    assert names == sorted(set(names))
    assert "pmd.store.repositories.search.SEARCH_SQL" in names
    assert "pmd.metadata.store.repository.SELECT_METADATA_SQL" in names


def test_every_constant_of_every_module_is_there():
    found = {
        f"{module.__name__}.{name}"
        for module in (importlib.import_module(module_name(path)) for path in REPOSITORIES)
        for name in vars(module)
        if name.endswith("_SQL") and not name.startswith("VECTOR_")
    }
    assert found == {name for name, _ in all_statements()}


def test_every_statement_prepares_on_every_stored_database(stored_stores):
    for store in stored_stores:
        for name, sql in all_statements():
            try:
                store.execute(f"EXPLAIN {sql}", Names())
            except sqlite3.Error as error:
                pytest.fail(f"{name} on {store.path}: {error}")


def test_what_is_executed_is_a_named_constant():
    calls = {
        f"{module_name(path)}:{node.lineno}": node.args[0]
        for path in REPOSITORIES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith("execute")
    }
    assert calls
    for line, statement in calls.items():
        # VECTOR_TABLE_SQL.format(dimension=dimension) is a call of a constant's method.
        named = statement.func.value if isinstance(statement, ast.Call) else statement
        assert isinstance(named, ast.Name), f"{line} executes no named constant"
        assert named.id.endswith("_SQL"), f"{line} executes {named.id}"


def test_no_ddl_stands_outside_the_migrations():
    found = {}
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        ddl = ddl_in(ast.parse(path.read_text()))
        if ddl and not name.startswith("store/migrations/versions/"):
            found[name] = [constant for constant, _ in ddl]
    assert found == DDL_MAY_STAND_IN


def test_no_constant_becomes_ddl_by_being_put_together():
    found = {
        f"{path.relative_to(SOURCE).as_posix()}: {name}"
        for path in SOURCE.rglob("*.py")
        if "versions" not in path.parts
        for name, value in vars(importlib.import_module(module_name(path))).items()
        if isinstance(value, str) and not name.startswith("__") and DDL.search(value)
    }
    assert found == {
        "store/repositories/embeddings.py: VECTOR_TABLE_SQL",
        "store/schema.py: SCHEMA_SQL",
        "store/files/soundness.py: _FTS_TABLES",
    }


def test_only_a_step_has_sqlite_utils():
    importing = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any("sqlite_utils" in n.name for n in node.names))
        or (isinstance(node, ast.ImportFrom) and "sqlite_utils" in (node.module or ""))
        if path.parent.name != "versions"
    }
    assert importing == {"store/migrations/step/step_database.py"}


@for_every(
    "source, found",
    [
        ('db.execute("create table t (a)")', [None]),
        ('MAKE = "CREATE UNIQUE INDEX i ON t (a)"', ["MAKE"]),
        ('f"DROP  TABLE {name}"', [None]),
        ('def f():\n    "Like CREATE TABLE."\n    return "ALTER\\nTABLE t"', [None]),
        ('"""CREATE TABLE in a docstring."""', []),
        ('"the table is created"', []),
        ("db.execute('create ' + 'table t (a)')", [None]),
        ("db.execute('CREATE ' + kind + ' t (a)')", [None]),
        ("db.execute(' '.join(['DROP', 'TABLE', name]))", [None]),
        ("db.execute(f'CREATE {kind} t (a)')", [None]),
        ("db.execute('CREATE {} t (a)'.format(kind))", [None]),
        ("db.execute('CREATE %s t (a)' % kind)", [None]),
        ("db.execute('CREATE /* a */ TABLE t (a)')", [None]),
        ("db.execute('CREATE -- a\\n TEMP TABLE t (a)')", [None]),
        ("db['t'].create({'a': int})", [None]),
        ("db['t'].transform(types={'a': int})", [None]),
        ("db['t'].create_index(['a'])", [None]),
        ("db['t'].enable_fts(['a'])", [None]),
        ("'the create' + 'd table'", []),
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
