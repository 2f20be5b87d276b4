"""Modules that hold the migrations themselves: an object of sqlite-utils, or a list."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from pytest_pmd_migrations.sources.found_here.project_files import Candidate, ProjectFiles
from pytest_pmd_migrations.sources.in_python.list_elements import is_sql, is_sql_for_name

__all__ = ["objects_here"]

_TOOLS = re.compile(r"\b(?:sqlite_utils|sqlite_migrate)\b")
_LIST = re.compile(r"_?(?:all_)?migrations", re.IGNORECASE)


def objects_here(files: ProjectFiles) -> Iterator[Candidate]:
    """Yield each object of ``sqlite_utils.Migrations`` and each list of SQL or functions."""
    for path, text in files.modules():
        name = files.dotted(path)
        if not name or ("igrations" not in text and "MIGRATIONS" not in text):
            continue
        try:
            with warnings.catch_warnings():
                # An odd string of the project's own is no business of this one's.
                warnings.simplefilter("ignore")
                body = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError):
            continue
        for target, value in _assignments(body):
            whose = _whose(target, value, of_tool=bool(_TOOLS.search(text)))
            if whose:
                yield Candidate(f"{name}:{target}", whose)


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def _whose(target: str, value: ast.expr, *, of_tool: bool) -> str:
    """Return what is assigned to a name: whose migrations, "" for anything else."""
    match value:
        case ast.Call(func=ast.Name(id="Migrations") | ast.Attribute(attr="Migrations")):
            return "sqlite-utils" if of_tool else ""
        case ast.List(elts=elements) | ast.Tuple(elts=elements) if _LIST.fullmatch(target):
            return "a list" if elements and all(map(_is_step, elements)) else ""
        case ast.Dict(keys=names, values=elements) if _LIST.fullmatch(target):
            steps = elements and all(map(_is_step, elements))
            return "a list" if steps and not any(map(_is_sql, names)) else ""
    return ""


def _is_step(element: ast.expr) -> bool:
    """Return whether an element may be a migration: SQL, a function, or a pair with one."""
    match element:
        case ast.Constant(value=str(text)):
            return is_sql(text)
        case ast.Tuple(elts=[first, second]):
            return not _is_sql(first) and _is_step(second)
    return isinstance(element, (ast.Name, ast.Attribute, ast.Lambda))


def _is_sql(name: ast.expr | None) -> bool:
    """Return whether SQL stands where a list has a name: it has a way up and a way down."""
    return isinstance(name, ast.Constant) and is_sql_for_name(name.value)
