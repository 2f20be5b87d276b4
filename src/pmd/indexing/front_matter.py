"""Read title and tags from the front matter of a Markdown document.

Front matter is YAML between a first line `---` and a line `---` or `...`. Only the shape of the
YAML is read, never a value of it: a tag `2024` or `no` is the text that its author wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FrontMatter", "read_front_matter"]

_OPENING = re.compile(r"---[ \t]*\r?\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_KEY = re.compile(r"[\w-]+[ \t]*:(?:\s|$)")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a document says of itself. `tags` are as its author wrote them.

    `end` is where the document's own text begins; `problem` says what could not be read, if any.
    """

    end: int = 0
    title: str | None = None
    tags: tuple[str, ...] = ()
    problem: str | None = None


def read_front_matter(text: str) -> FrontMatter:
    """Return what the front matter of `text` says; nothing where there is none."""
    start = 1 if text.startswith("\ufeff") else 0
    opening = _OPENING.match(text, start)
    if opening is None:
        return FrontMatter(start)
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        # A first line --- may as well be a rule across the page.
        unclosed = _KEY.match(text, opening.end())
        problem = (
            "the front matter has no line --- at its end. Add it; its text is indexed"
            if unclosed
            else None
        )
        return FrontMatter(start, problem=problem)
    # Imported here, so that a run that finds every file unchanged is spared PyYAML.
    from pmd.indexing.yaml_fields import read_fields

    fields = read_fields(text[opening.end() : closing.start()], first_line=2)
    if fields is None:
        # No keys at all: text between two rules across the page.
        return FrontMatter(start)
    return FrontMatter(closing.end(), fields.title, fields.tags, fields.problem)
