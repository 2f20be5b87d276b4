"""Build the pages of this folder as a site, with Sphinx.

The pages are read on GitHub as well, so no directive stands in them: lists of links become the
site's navigation, a comment `<!-- autodoc: MODULE -->` becomes what the docstrings say, and
`<!-- pictures of a report -->` pictures that headless Chromium takes, where there is one.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from types import FunctionType

from pygments.lexers.shell import BashSessionLexer
from sphinx.application import Sphinx

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import report_pictures  # noqa: E402 - found beside this file

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

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"{project} {version}"
html_show_sourcelink = False
html_copy_source = False
# Where the pages are opened as files, a browser lets no page read another for its summary.
html_show_search_summary = False

_SECTION = re.compile(r"^## (?P<caption>.*)\n(?P<body>(?:(?!## ).*\n?)*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?P<page>[\w/-]+)\.md\)")
_NO_PYTHON = re.compile(r"<(?:[^<>]|<[^<>]*>)*>")
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


def _directive(name: str, value: object) -> str:
    """Return what lets autodoc document a class or a function; nothing for other values."""
    if isinstance(value, FunctionType):
        return f".. autofunction:: {name}\n"
    if not isinstance(value, type):
        return ""
    has_bases = value.__bases__ != (object,)
    return f".. autoclass:: {name}\n" + "   :show-inheritance:\n" * has_bases


def with_docstrings(page: str) -> str:
    """Return a page's text with what the public classes and functions of a module say of them."""

    def documented(comment: re.Match[str]) -> str:
        module = import_module(comment["module"])
        # Named one by one: those that a package imports when asked for are not in its `dir()`.
        asked = [_directive(name, getattr(module, name)) for name in module.__all__]
        directives = f".. py:currentmodule:: {module.__name__}\n\n{''.join(asked)}"
        return f"### `{module.__name__}`\n\n```{{eval-rst}}\n{directives}\n```"

    return _AUTODOC.sub(documented, page)


def _take_pictures(app: Sphinx) -> None:
    """Take the pictures of a report for a site, or say that there is no Chromium to do so."""
    if app.builder.format != "html":
        return
    chromium = report_pictures.find_chromium()
    if chromium is None:
        # Neither unsaid under -q, nor a warning that ends the build.
        sys.stderr.write(f"{report_pictures.NO_CHROMIUM}\n")
        return
    report_pictures.take_pictures(chromium, Path(app.outdir) / report_pictures.FOLDER)


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    page = with_docstrings(with_navigation(source[0]) if name == "index" else source[0])
    taken = app.builder.format == "html" and report_pictures.find_chromium() is not None
    to_site = "../" * name.count("/")
    source[0] = report_pictures.with_pictures(page, taken=taken, to_site=to_site)


def _readable(*documented: object) -> tuple[str, str] | None:
    """Return a signature without defaults that are no Python, such as `<factory>`.

    Sphinx cannot parse it otherwise, and shows every type by its full name.
    """
    *_, signature, returned = documented
    if not isinstance(signature, str):
        return None
    return _NO_PYTHON.sub("...", signature), returned if isinstance(returned, str) else ""


def setup(app: Sphinx) -> None:
    """Let Sphinx read the pages with what they ask for."""
    app.connect("builder-inited", _take_pictures)
    app.connect("source-read", _read)
    app.connect("autodoc-process-signature", _readable)
    app.add_lexer("shellsession", BashSessionLexer)  # as GitHub calls it
