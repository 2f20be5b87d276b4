"""Read the text of a lock file as it was written: a history of 1,000 versions has 40 MB of it.

TOML allows much that pmd-migrations never writes. A text with any of that is left to Python's own
reader, which takes ten times as long.
"""

from __future__ import annotations

import re
from itertools import chain
from sys import intern
from typing import Any

__all__ = ["written_lock_toml"]

_PLAIN = r'[^"\\\x00-\x1f\x7f]'
_HEAD = re.compile(r"(?:#[^\x00-\x1f\x7f]*\n)*format = (?P<format>[1-9]\d{0,9})\n*")
_TABLE = re.compile(
    rf'(?P<kind>versions|snapshots)\.(?:"(?P<quoted>{_PLAIN}+)"|(?P<bare>[\w-]+))(?P<rows>\.rows)?',
    re.ASCII,
)
_LINE = re.compile(
    rf'(?P<key>[a-z]+) = (?:"(?P<text>{_PLAIN}*)"|(?P<flag>true|false)|\[(?P<texts>.*)\])', re.ASCII
)
_LISTED = re.compile(rf'"({_PLAIN}*)"(?:, |$)')
_DIGESTS = re.compile(rf'"({_PLAIN}+)" = "({_PLAIN}*)"\n')
_COUNTS = re.compile(rf'"({_PLAIN}+)" = (0|[1-9]\d{{0,17}})\n', re.ASCII)
_AROUND_DIGEST = len('"" = ""\n')
_AROUND_COUNT = len('"" = \n')


def written_lock_toml(text: str) -> dict[str, Any] | None:
    """Return what TOML reads in the text of a lock file; None where it is not as it was written."""
    head, *tables = text.replace("\r\n", "\n").split("\n[")
    begins = _HEAD.fullmatch(f"{head}\n")
    if begins is None:
        return None
    content: dict[str, Any] = {"format": int(begins["format"])}
    open_table: tuple[str, str] | None = None
    for table in tables:
        title, bracket, body = table.partition("]\n")
        match = _TABLE.fullmatch(title)
        if match is None or not bracket:
            return None
        name = match["kind"], match["quoted"] or match["bare"]
        of_kind = content.setdefault(name[0], {})
        body = body.removesuffix("\n")
        if match["rows"]:
            found = _rows(name[0], f"{body}\n") if body else {}
            if found is None or name != open_table:
                return None
            of_kind[name[1]]["rows"] = found
            open_table = None
        else:
            lines = _lines(body)
            if lines is None or name[1] in of_kind:
                return None
            of_kind[name[1]] = lines
            open_table = name
    return content


def _lines(body: str) -> dict[str, Any] | None:
    """Return the keys of a table; None where one is given twice, or is anything else."""
    found: dict[str, Any] = {}
    for line in body.split("\n"):
        match = _LINE.fullmatch(line)
        if match is None or match["key"] in found:
            return None
        if match["text"] is not None:
            found[match["key"]] = match["text"]
        elif match["flag"]:
            found[match["key"]] = match["flag"] == "true"
        else:
            texts = _LISTED.findall(match["texts"])
            if ", ".join(f'"{one}"' for one in texts) != match["texts"]:
                return None
            found[match["key"]] = texts
    return found


def _rows(kind: str, body: str) -> dict[str, Any] | None:
    """Return the entries of a table of rows, digests or counts; None where there is more there."""
    pattern, around = (_DIGESTS, _AROUND_DIGEST) if kind == "versions" else (_COUNTS, _AROUND_COUNT)
    pairs = pattern.findall(body)
    found = {intern(key): intern(value) for key, value in pairs}
    # Where these entries are as long as the whole, there is nothing between them.
    length = sum(map(len, chain.from_iterable(pairs))) + around * len(pairs)
    if length != len(body) or len(found) != len(pairs):
        return None
    return found if kind == "versions" else {key: int(count) for key, count in found.items()}
