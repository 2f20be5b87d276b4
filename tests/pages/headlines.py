"""Collect from the source of both packages the headlines that their tools can print.

A headline is the first clause of a message: up to a line's end, a semicolon, or the end of a
sentence; and the next clause where the first says nearly nothing. What a message takes from
elsewhere is written as `…`.

`python -m tests.pages.headlines` prints those that docs/troubleshooting.md lacks, and those that it
has and no source prints.
"""

from __future__ import annotations

import ast
import gc
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path

from tests.syntax_trees import tree_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/troubleshooting.md"
PACKAGES = (ROOT / "src/pmd", ROOT / "src/pytest-pmd-migrations/pytest_pmd_migrations")

GAP = "…"

SPEAKS = {
    "headline": 0,
    "Finding": 0,
    "RowFinding": 2,
    "Note": 1,
    "Problem": 1,
    "ClickException": 0,
    "UsageError": 0,
    "UnusableError": 0,
    "InvalidMigrationError": 1,
    "MigrationFailedError": 2,
    "TransactionControlError": 2,
    "ForeignKeyViolationError": 2,
    "BrokenDeclarationError": 2,
    "Stopped": 0,
    "meaning": 0,  # the class of error that a table of pmd's names beside the text
}
"""What makes a message, and the number of the argument that is its text. Errors not named here
have it first."""

SILENT = {
    "AttributeError": "of a module's name, as Python says it",
    "StepStopped": "says to the step itself that it met a limit",
    "FrozenInstanceError": "a mistake in the plugin itself",
    "ImportError": "told within another message",
    "RuntimeError": "a mistake in the plugin itself",
    "TypeError": "told within another message",
    "ValueError": "told within another message",
    "LibraryNotFoundError": "told by the check `atomic` as the reason why `power` is left out",
    "OperationalError": "told within another message",
    "CellFailedError": "carries what findings say",
    "CollectError": "carries what an error says",
}
"""Errors whose texts are no headlines, and why."""


@dataclass(frozen=True, eq=False)
class Module:
    """One file of the source."""

    path: Path
    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return [*ast.walk(self.tree)]

    @cached_property
    def constants(self) -> dict[str, list[ast.expr]]:
        return _assigned(self.tree.body)

    @cached_property
    def scopes(self) -> list[ast.FunctionDef]:
        return [node for node in self.nodes if isinstance(node, ast.FunctionDef)]

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    @cached_property
    def imported(self) -> dict[str, Module]:
        """The names that are imported from another file of the packages, in a function too."""
        found = {}
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and node.module in by_name():
                found.update({alias.name: by_name()[node.module] for alias in node.names})
        return found

    def headlines(self) -> Iterator[tuple[ast.Call, str]]:
        """Each headline that it makes, and the call that makes it."""
        for call, _, texts in self.messages:
            yield from ((call, first_clause(text)) for text in texts if _is_said(text))

    @cached_property
    def messages(self) -> list[tuple[ast.Call, ast.expr, list[str]]]:
        """Each call that makes a message, its argument for the text, and what that may be."""
        found = []
        for scope in (self.tree, *self.scopes):
            body = [node for part in scope.body for node in _own_nodes(part)]
            local = {} if scope is self.tree else _assigned(body)
            for call in body:
                argument = _text_argument(call) if isinstance(call, ast.Call) else None
                if argument is None:
                    continue
                texts = _texts(argument, self, local)
                if scope is not self.tree and not all(map(_begins_with_words, texts)):
                    texts = _texts(argument, self, {**self._handed_to(scope), **local})
                found.append((call, argument, texts))
        return found

    def _handed_to(self, function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
        """What the parameters of a function are, where calls hand over texts as written there."""
        found: dict[str, list[ast.expr]] = {}
        names = [argument.arg for argument in function.args.args if argument.arg != "self"]
        for module in {self, *_importers(self, function.name)}:
            for call in module.calls.get(function.name, []):
                handed = dict(zip(names, call.args, strict=False))
                handed.update({word.arg: word.value for word in call.keywords if word.arg})
                for name, value in handed.items():
                    texts = _texts(value, module, {}) if _is_written(value) else [GAP]
                    found.setdefault(name, []).extend(map(ast.Constant, texts))
        return {name: every for name, every in found.items() if {*map(_value, every)} != {GAP}}

    @cached_property
    def calls(self) -> dict[str, list[ast.Call]]:
        """Every call, by the name of what is called."""
        found: dict[str, list[ast.Call]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Call):
                found.setdefault(_called(node), []).append(node)
        return found


def _importers(module: Module, name: str) -> Iterator[Module]:
    yield from (other for other in by_name().values() if other.imported.get(name) is module)


def _value(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _is_written(node: ast.expr) -> bool:
    """Whether an argument is a text as written in the call."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.IfExp(body=body, orelse=orelse):
            return _is_written(body) and _is_written(orelse)
    return False


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes within, but not those of functions in it: these are scopes of their own."""
    pending = [node]
    while pending:
        node = pending.pop()
        if not isinstance(node, ast.FunctionDef):
            yield node
            pending.extend([*ast.iter_child_nodes(node)][::-1])


def _assigned(body: list[ast.AST] | list[ast.stmt]) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name), *_], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
    return found


def _text_argument(call: ast.Call) -> ast.expr | None:
    name = _called(call)
    if name in SILENT or not (name in SPEAKS or name.endswith("Error")):
        return None
    number = SPEAKS.get(name, 0)
    return call.args[number] if len(call.args) > number else None


def _texts(node: ast.expr, module: Module, local: dict[str, list[ast.expr]]) -> list[str]:
    """Every text that an expression may be, with a gap for what is not known here."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            every = [_texts(part, module, local) for part in parts]
            return ["".join(chosen) for chosen in product(*every)]
        case ast.FormattedValue(value=value):
            return _texts(value, module, local)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            pairs = product(_texts(left, module, local), _texts(right, module, local))
            return [one + other for one, other in pairs]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_texts(body, module, local), *_texts(orelse, module, local)]
        case ast.BoolOp(op=ast.Or(), values=values):
            return [text for value in values for text in _texts(value, module, local)]
        case ast.Name(id=name) if name in local or name in module.constants:
            known = local.get(name) or module.constants[name]
            rest = {key: value for key, value in local.items() if key != name}
            return [text for value in known for text in _texts(value, module, rest)]
        case ast.Name(id=name) if name in module.imported:
            origin = module.imported[name]
            return [
                text
                for value in origin.constants.get(name, [])
                for text in _texts(value, origin, {})
            ]
        case ast.Call(func=ast.Name(id="headline"), args=[text]):
            return _texts(text, module, local)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="format")):
            known = module.constants.get(name) or [*module.constants.values()]
            return [re.sub(r"\{\w*\}", GAP, text) for text in _templates(known)]
        case ast.Call(func=ast.Name(id=name)) if name in module.functions:
            return [*_returned(module, module.functions[name])]
    return [GAP]


@cache
def by_name() -> dict[str, Module]:
    """Every file, by the name that it is imported by."""
    gc.disable()  # Trees have no circles, and searching all of them for some takes twice as long.
    try:
        return {
            ".".join(path.relative_to(package.parent).with_suffix("").parts): Module(
                path, tree_of(path)
            )
            for package in PACKAGES
            for path in sorted(package.rglob("*.py"))
        }
    finally:
        gc.enable()


def _templates(values: object) -> Iterator[str]:
    """Every text with a name in braces that the values of constants hold, however deep."""
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, list):
            yield from _templates(value)
        elif isinstance(value, ast.AST):
            for node in ast.walk(value):
                if isinstance(node, ast.Constant) and re.search(r"\{\w+\}", str(node.value)):
                    yield node.value


def _returned(module: Module, function: ast.FunctionDef) -> Iterator[str]:
    body = [node for part in function.body for node in _own_nodes(part)]
    for node in body:
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _texts(node.value, module, _assigned(body))


def first_clause(text: str) -> str:
    """The headline of a message."""
    clauses = _CLAUSE_END.split(text.strip().partition("\n")[0])
    enough = next((n for n, _ in enumerate(clauses, 1) if _says(clauses[:n])), len(clauses))
    clause = "; ".join(filter(None, clauses[:enough]))
    clause = re.sub(rf"'{GAP}'|\"{GAP}\"", GAP, " ".join(clause.split()))
    clause = re.sub(rf"{GAP}(\.?{GAP})+", GAP, clause)
    # A sentence that may follow, such as "Did you mean ...", is no part of it.
    return re.sub(rf"((?<=[a-z][a-z])|(?<=[\)\"])){GAP}$", "", clause)


_CLAUSE_END = re.compile(r"; |\. (?=[A-Z…])|\.  +|[.:]$")
_SMALL_WORDS = {"a", "an", "and", "at", "has", "in", "is", "it", "its", "of", "the", "to"}


def _says(clauses: list[str]) -> bool:
    words = re.findall(r"[A-Za-z_]+", " ".join(clauses))
    return len([word for word in words if word.lower() not in _SMALL_WORDS]) > 1


def printed() -> dict[str, str]:
    """Every headline that the source can print, with the place that makes it."""
    found: dict[str, str] = {}
    for module in by_name().values():
        for call, headline in module.headlines():
            found.setdefault(headline, f"{module.path.relative_to(ROOT)}:{call.lineno}")
    return found


def _begins_with_words(text: str) -> bool:
    """Whether the first clause of a text is more than gaps."""
    return re.search(r"[a-z]", _CLAUSE_END.split(text)[0]) is not None


def _is_said(text: str) -> bool:
    """Whether a text is more than gaps and what joins them."""
    return re.search(r"[a-z]{3}", text) is not None


def passed_on() -> Iterator[str]:
    """Every message whose text comes from elsewhere: the file, and how it is written there."""
    for name, module in by_name().items():
        for _, argument, texts in module.messages:
            if not any(map(_is_said, texts)):
                yield f"{name}: {ast.unparse(argument)}"


def explained(page: str) -> list[str]:
    """Every headline that a table of the page explains, in its first column."""
    return re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)


def main() -> None:
    known = explained(PAGE.read_text(encoding="utf-8"))
    there = printed()
    for headline in sorted(there.keys() - {*known}, key=lambda text: there[text]):
        sys.stdout.write(f"lacking  {there[headline]}  {headline}\n")
    for headline in sorted({*known} - there.keys()):
        sys.stdout.write(f"gone     {headline}\n")


if __name__ == "__main__":
    main()
