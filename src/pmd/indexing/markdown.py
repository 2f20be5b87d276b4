"""Read a Markdown document: its text, its title, its tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from pmd.indexing.front_matter import read_front_matter

__all__ = ["MarkdownDocument", "read_markdown", "searched_tags"]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_BLOCK_START = re.compile(r" {0,3}(?:>|[-+*][ \t]|\d{1,9}[.)][ \t]|\|)|[ \t]*$|\t| {4}")


@dataclass(frozen=True, slots=True)
class MarkdownDocument:
    """A document as its file has it: `text` is the whole file, front matter included.

    `tags` are as its author wrote them; `problem` says what of it could not be read.
    """

    text: str
    title: str
    tags: tuple[str, ...]
    problem: str | None = None


def read_markdown(path: str, text: str) -> MarkdownDocument:
    """Return the document with this text; the last name of `path` is its title for want of one.

    The title is that of the front matter, else the first heading.
    """
    front = read_front_matter(text)
    title = front.title or _first_heading(text[front.end :]) or PurePosixPath(path).stem
    return MarkdownDocument(text, title, front.tags, front.problem)


def searched_tags(written: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags that a document is found by: `#todo` as `todo`, each once."""
    found = (tag.strip().lstrip("#").strip() for tag in written)
    return tuple(dict.fromkeys(filter(None, found)))


def _first_heading(text: str) -> str | None:
    fence: str | None = None
    before = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence is not None:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
        elif mark:
            fence, before = mark[1], ""
        else:
            heading = _HEADING.match(line)
            if heading and heading[1]:
                return heading[1]
            if before and _UNDERLINE.match(line):
                return before
            before = "" if _BLOCK_START.match(line) or heading else line.strip()
    return None
