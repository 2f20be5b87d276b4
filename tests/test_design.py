"""docs/DESIGN.md says where each line lives and what each word means, and the code keeps to it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.syntax_trees import tree_of

ROOT = Path(__file__).parents[1]
DESIGN = (ROOT / "docs/DESIGN.md").read_text(encoding="utf-8")
PACKAGES = (ROOT / "src/pmd", ROOT / "src/pytest-pmd-migrations/pytest_pmd_migrations")

MEANINGLESS = ("holder", "place", "narrow", "survival", "moment", "connects", "trial")
"""Words that tell a stranger nothing: in no name of a module, function, class or parameter."""

MEANINGLESS_FILES = ("choice", "hidden", "marks", "pair", "results", "story", "whole")
"""Words that do not tell what is in a file."""

PLAIN_ENGLISH = {"put_in_place", "_LockHolder"}
"""Names that hold one of these words in a phrase that says what is meant."""

LONG_FILES: dict[str, str] = {}
"""Files over 300 lines, and what the one idea in each is."""

LONG_FUNCTIONS = {
    "pmd/store/migrations/run.py _take_step": "SQLite's twelve steps, read from top to bottom",
    "pytest_pmd_migrations/plugin.py pytest_addoption": "the list of all options and settings",
}
"""Functions over 40 lines, and why each is one thought."""


@dataclass(frozen=True)
class Definition:
    """A function, a class or a parameter."""

    file: str
    name: str
    first_line: int
    lines: int
    is_function: bool


def section(heading: str) -> str:
    """The text of DESIGN.md below a heading, up to the next one of its rank."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", DESIGN, re.MULTILINE | re.DOTALL)
    assert found, f"docs/DESIGN.md has no heading '## {heading}'"
    return found[1]


def tables(text: str) -> list[list[tuple[str, str]]]:
    """The rows of every table of two columns, the two lines of its head left out.

    A row looks like this: | `store/database.py` | what lives here |
    """
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[row_of(line) for line in table.splitlines()[2:]] for table in found]


def row_of(line: str) -> tuple[str, str]:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert len(cells) == 2, f"a row has two columns, and no | within them: {line}"
    return cells[0].strip("`"), cells[1]


def only_gathers_names(path: Path) -> bool:
    """Whether an `__init__.py` holds nothing but a docstring, imports and `__all__`."""
    return path.name == "__init__.py" and all(
        isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Assign | ast.AnnAssign) and "__all__" in ast.unparse(node))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
    )


@cache
def definitions() -> list[Definition]:
    """Every function, class and parameter of both packages."""
    return [
        Definition(
            path.relative_to(package.parent).as_posix(),
            node.arg if isinstance(node, ast.arg) else node.name,
            node.lineno,
            (node.end_lineno or 0) - node.lineno + 1,
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef),
        )
        for package in PACKAGES
        for path in sorted(package.rglob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.arg)
    ]


@cache
def words_of(name: str) -> set[str]:
    """The words of a name, in small letters and the singular: `_PartHolders` has `holder`."""
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    return words | {word.removesuffix("s") for word in words}


def test_the_table_lists_every_file_of_both_packages() -> None:
    """`__init__.py` is listed only where it holds more than a docstring, imports and `__all__`."""
    found = tables(section("Which file"))
    assert len(found) == len(PACKAGES)
    for package, rows in zip(PACKAGES, found, strict=True):
        listed = [file for file, _ in rows]
        there = {
            path.relative_to(package).as_posix()
            for path in package.rglob("*.py")
            if not only_gathers_names(path)
        }
        wrong = {
            "missing": sorted(there - {*listed}),
            "gone": sorted({*listed} - there),
            "twice": sorted(file for file, count in Counter(listed).items() if count > 1),
        }
        assert not any(wrong.values()), f"docs/DESIGN.md, Which file, {package.name}: {wrong}"


def test_the_table_says_something_of_its_own_about_every_file() -> None:
    rows = [row for table in tables(section("Which file")) for row in table]
    empty = [file for file, what in rows if not what]
    assert not empty, f"nothing is said about {empty}"
    said = Counter(what.casefold() for _, what in rows)
    alike = sorted(file for file, what in rows if said[what.casefold()] > 1)
    assert not alike, f"the same is said about {alike}"


def test_the_glossary_says_what_each_word_means() -> None:
    (words,) = tables(section("Words"))
    assert len(words) >= 10
    assert not [word for word, meaning in words if not meaning]
    twice = [word for word, count in Counter(word for word, _ in words).items() if count > 1]
    assert not twice


def test_no_name_is_a_word_that_tells_a_stranger_nothing() -> None:
    files = [path for package in PACKAGES for path in package.rglob("*.py")]
    found = [
        f"{file}: the file"
        for file in sorted(files)
        if words_of(file.stem) & {*MEANINGLESS} or file.stem.strip("_") in MEANINGLESS_FILES
    ]
    found += [
        f"{one.file}:{one.first_line}: {one.name}"
        for one in definitions()
        if words_of(one.name) & {*MEANINGLESS} and one.name not in PLAIN_ENGLISH
    ]
    assert not found, "names that tell a stranger nothing:\n" + "\n".join(found)


def test_a_file_over_300_lines_says_why_it_is_one_idea() -> None:
    sizes = {
        path.relative_to(package.parent).as_posix(): len(path.read_bytes().splitlines())
        for package in PACKAGES
        for path in package.rglob("*.py")
    }
    long = {file: lines for file, lines in sizes.items() if lines > 300}
    unexplained = {file: lines for file, lines in long.items() if file not in LONG_FILES}
    assert not unexplained, f"over 300 lines: {unexplained}"
    short = sorted({*LONG_FILES} - {*long})
    assert not short, f"not long any more, so take them out of LONG_FILES: {short}"


def test_a_function_over_40_lines_says_why_it_is_one_thought() -> None:
    long = {
        f"{one.file} {one.name}": one.lines
        for one in definitions()
        if one.is_function and one.lines > 40
    }
    unexplained = {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS}
    assert not unexplained, f"over 40 lines: {unexplained}"
    short = sorted({*LONG_FUNCTIONS} - {*long})
    assert not short, f"not long any more, so take them out of LONG_FUNCTIONS: {short}"
