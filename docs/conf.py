"""Build the pages of this folder as a site, with Sphinx.

The pages are read on GitHub as well, so no directive stands in them: lists of links become the
site's navigation, and a comment `<!-- autodoc: MODULE -->` becomes what the docstrings say.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from types import FunctionType

from pygments.lexers.shell import BashSessionLexer
from sphinx.application import Sphinx

FOLDER = Path(__file__).parent
_PROJECT = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "pmd and pytest-pmd-migrations"
author = _PROJECT["authors"][0]["name"]
project_copyright = author
version = release = _PROJECT["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["requirements.txt"]
myst_heading_anchors = 4
default_role = "code"
nitpicky = True
nitpick_ignore_regex = [
    # The standard library and other packages: to look them up would need their sites.
    (r"py:.*", r"(click|collections|os|pathlib|pytest|sqlite3|sqlite_utils|types|typing)\b.*"),
    # Values behind the public names, which annotations name and no page promises.
    (r"py:.*", r"(pmd|pytest_pmd_migrations)\.\w+\.[\w.]+|AnyCheck"),
]

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"

html_theme = "furo"
html_title = f"{project} {version}"
html_show_sourcelink = False
html_copy_source = False
# Where the pages are opened as files, a browser lets no page read another for its summary.
html_show_search_summary = False

_SECTION = re.compile(r"^## (?P<caption>.*)\n(?P<body>(?:(?!## ).*\n?)*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<page>[\w/-]+)\.md\)")
_AUTODOC = re.compile(r"^<!-- autodoc: (?P<module>[\w.]+) -->$", re.MULTILINE)


def _pages(section: str, listed: set[str]) -> Iterator[str]:
    """Yield the pages that a section links to, then those of its folders that no section names."""
    linked = [found["page"] for found in _LINK.finditer(section)]
    yield from linked
    folders = {PurePosixPath(page).parent for page in linked} - {PurePosixPath()}
    for folder in sorted(folders):
        for path in sorted((FOLDER / folder).glob("*.md")):
            page = str(folder / path.stem)
            if page not in listed:
                yield page


def with_navigation(index: str) -> str:
    """Return the text of `index.md` with a hidden toctree below each section of links."""
    listed = {found["page"] for found in _LINK.finditer(index)}

    def navigated(section: re.Match[str]) -> str:
        options = f":hidden:\n:caption: {section['caption']}"
        pages = "\n".join(_pages(section["body"], listed))
        return f"{section[0]}\n```{{toctree}}\n{options}\n\n{pages}\n```\n\n"

    return _SECTION.sub(navigated, index)


def with_docstrings(page: str) -> str:
    """Return a page's text with what the public classes and functions of a module say of them."""

    def documented(comment: re.Match[str]) -> str:
        module = import_module(comment["module"])
        values = {name: getattr(module, name) for name in module.__all__}
        kinds = {
            name: "autoclass" if isinstance(value, type) else "autofunction"
            for name, value in values.items()
            if isinstance(value, type | FunctionType)
        }
        # Named one by one: those that a package imports when asked for are not in its `dir()`.
        asked = "\n".join(f".. {kind}:: {name}" for name, kind in kinds.items())
        return f"```{{eval-rst}}\n.. py:currentmodule:: {module.__name__}\n\n{asked}\n```"

    return _AUTODOC.sub(documented, page)


def _read(_app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = with_docstrings(with_navigation(source[0]) if name == "index" else source[0])


def setup(app: Sphinx) -> None:
    """Let Sphinx read the pages with what they ask for."""
    app.connect("source-read", _read)
    app.add_lexer("shellsession", BashSessionLexer)  # as GitHub calls it
