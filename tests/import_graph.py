"""Which file imports which: read from the syntax trees, without importing anything.

Every `import` and `from` statement counts, at the top of a module, inside a function and under
`if TYPE_CHECKING:`, and so does `import_module("a.name")`. A package that is imported on the way
to its module does not count: Python does that by itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.syntax_trees import tree_of

Node = TypeVar("Node")


@dataclass(frozen=True)
class Import:
    """One import of one file."""

    name: str
    """The imported name, dotted: for `from a import b`, `a.b`."""
    line: int
    by_string: bool = False
    """Whether the name is the argument of `import_module`."""

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


@dataclass
class ImportGraph:
    """The files of one or more packages, named by their path below the packages' folders."""

    imports: dict[str, list[Import]] = field(default_factory=dict)
    """Every import of every file, also of modules that are not in the graph."""
    edges: dict[str, dict[str, int]] = field(default_factory=dict)
    """For every file the files it imports, each with the first line that does."""

    def describe(self, file: str, imported: str) -> str:
        return f"{file}:{self.edges[file][imported]} imports {imported}"

    def circles(self) -> list[str]:
        """Return one line for every circle of files: the way round it."""
        return [
            " -> ".join([*way, way[0]])
            for component in components(self.edges)
            if (way := way_round(component, self.edges))
        ]

    def without(self, imports: Iterable[tuple[str, str]]) -> ImportGraph:
        """Return this graph without some imports, each a file and the file it imports."""
        left_out = set(imports)
        edges = {
            file: {other: line for other, line in found.items() if (file, other) not in left_out}
            for file, found in self.edges.items()
        }
        return ImportGraph(self.imports, edges)

    def circles_of_folders(self) -> list[str]:
        """Return one line for each step of every circle of things that lie side by side.

        Two folders, or a file and a folder, may import each other without any circle of files;
        nobody can say then which of the two lies below the other.
        """
        return [
            f"in {parent}, {one} -> {two}: {evidence[one, two]}"
            for parent, evidence in sorted(self._between_children().items())
            for way in self._ways_round(evidence)
            for one, two in zip(way, [*way[1:], *way[:1]], strict=True)
        ]

    def _between_children(self) -> dict[str, dict[tuple[str, str], str]]:
        """Which files and folders right below each folder import which, each with one example."""
        found: dict[str, dict[tuple[str, str], str]] = {}
        for file, imported in self.edges.items():
            for other in imported:
                parent, one, two = parted(file, other)
                if one != two and "__init__.py" not in (one, two):
                    evidence = found.setdefault(parent, {})
                    evidence.setdefault((one, two), self.describe(file, other))
        return found

    @staticmethod
    def _ways_round(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
        edges: dict[str, list[str]] = {}
        for one, two in pairs:
            edges.setdefault(one, []).append(two)
            edges.setdefault(two, [])
        return [way_round(component, edges) for component in components(edges)]


def read(*packages: Path) -> ImportGraph:
    """Return the graph of all Python files of these packages."""
    files = {
        dotted(path, package): (path, name_of(path, package))
        for package in packages
        for path in sorted(package.rglob("*.py"))
    }
    graph = ImportGraph()
    bound = {}
    for module, (path, name) in files.items():
        tree, is_package = tree_of(path), path.name == "__init__.py"
        graph.imports[name] = list(imports(tree, module, is_package=is_package))
        if is_package:
            bound[module] = set(bound_names(tree, module))
    for module, (path, name) in files.items():
        edges = graph.edges[name] = {}
        for one in sorted(graph.imports[name], key=lambda one: one.line):
            for target in targets(one.name, files, bound):
                if target != module or path.name != "__init__.py":
                    edges.setdefault(files[target][1], one.line)
    return graph


def imports(tree: ast.AST, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Yield every import of one module."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(node, package)
            for alias in node.names:
                name = origin if alias.name == "*" else f"{origin}.{alias.name}"
                yield Import(name, node.lineno)
        elif isinstance(node, ast.Call) and (name := imported_by_string(node)):
            yield Import(name, node.lineno, by_string=True)


def absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the module that a `from` statement names, however many dots it begins with."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def imported_by_string(node: ast.Call) -> str | None:
    function = node.func
    called = getattr(function, "attr", getattr(function, "id", None))
    if called in {"import_module", "__import__"} and node.args:
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return argument.value
    return None


def bound_names(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield the names that a package's `__init__.py` binds, its own modules left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.ImportFrom) and absolute(node, package) != package:
            yield from (alias.asname or alias.name for alias in node.names)


def targets(name: str, files: Mapping[str, object], bound: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield the modules that importing a dotted name reads.

    `from package import name` reads `package/name.py` where there is one, and
    `package/__init__.py` where that binds the name or where there is nothing else.
    """
    package, _, last = name.rpartition(".")
    if name in files:
        yield name
        if last not in bound.get(package, ()):
            return
    while package and package not in files:
        package = package.rpartition(".")[0]
    if package:
        yield package


def components(edges: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """Return the strongly connected components (Tarjan) that hold a circle."""
    index: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    open_nodes: list[Node] = []
    found: list[list[Node]] = []

    def visit(node: Node) -> None:
        index[node] = lowest[node] = len(index)
        open_nodes.append(node)
        for other in edges[node]:
            if other not in index:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in open_nodes:
                lowest[node] = min(lowest[node], index[other])
        if lowest[node] == index[node]:
            position = open_nodes.index(node)
            component = open_nodes[position:]
            del open_nodes[position:]
            if len(component) > 1 or node in edges[node]:
                found.append(component)

    for node in edges:
        if node not in index:
            visit(node)
    return found


def way_round(component: list[Node], edges: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Return a shortest circle through the first node of a component."""
    inside = set(component)
    start = min(component, key=str)
    ways = [[start]]
    seen: set[Node] = set()
    for way in ways:
        for other in sorted(inside.intersection(edges[way[-1]]), key=str):
            if other == start:
                return way
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []


def dotted(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def name_of(path: Path, package: Path) -> str:
    return path.relative_to(package.parent).as_posix()


def parted(file: str, other: str) -> tuple[str, str, str]:
    """Return the lowest folder that holds both files, and what right below it each is or lies in.

    These two are equal for a file and itself.
    """
    one, two = file.split("/"), other.split("/")
    depth = 0
    while one[depth] == two[depth] and depth < min(len(one), len(two)) - 1:
        depth += 1
    return "/".join(one[:depth]) or ".", one[depth], two[depth]
