"""Read and write ``frozen.toml``: the schema and the rows that each version produced.

They are those of the time when its snapshot was stored.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_pmd_migrations.errors import LockFileError, SnapshotError
from pytest_pmd_migrations.files.file_content import Content, content_pieces
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.snapshots.lock_file_toml import (
    line_of_table,
    read_lock_toml,
    refuse,
)
from pytest_pmd_migrations.snapshots.names import SnapshotName, Start, format_version, parse_start

__all__ = [
    "LOCK_FILE",
    "LockFile",
    "SnapshotLine",
    "VersionLine",
    "content_digest",
    "digests_as",
    "lock_file_text",
    "read_lock_file",
    "text_digest",
    "write_lock_file",
]

LOCK_FILE = "frozen.toml"
_FORMAT = 1
_VERSION = rb"(?m)^(VERSION\b[^=\n]*=\s*)0*%d\b"
"""The line by which a module says its number again."""

_HEAD = """\
# What every version gave when its snapshot was stored. Written by pmd-migrations; commit it.
"""


class VersionLine(NamedTuple):
    """Records one migration.

    ``text`` is the digest of its source file, ``schema`` the fingerprint of a fresh database at
    that version, ``rows`` the digest of the rows that each lineage has after the step, by what the
    lineage starts from; ``label`` what the migration's own tool calls it, mostly empty.
    ``volatile`` are the globs on columns that the digests leave out, ``ignore`` those on objects
    that digests and fingerprint do; None in a line that was written before lines said so. ``marks``
    says that the digests of ``rows`` tell AUTOINCREMENT's marks too, which is so in each line with
    such tables but in those that were written before.
    """

    file: str
    text: str
    schema: str
    rows: Mapping[Start, str]
    released: bool = False
    label: str = ""
    volatile: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    marks: bool = False


class SnapshotLine(NamedTuple):
    """Records one stored file: its SHA-256 and its number of rows, by table.

    ``released`` is false for a variant that was stored after its version was released, and since
    then nothing was.
    """

    digest: str
    rows: Mapping[str, int]
    released: bool = True


class LockFile(NamedTuple):
    """The content of ``frozen.toml``: a line a version, and a line a snapshot."""

    versions: Mapping[int, VersionLine] = MappingProxyType({})
    snapshots: Mapping[SnapshotName, SnapshotLine] = MappingProxyType({})

    @property
    def newest_released(self) -> int:
        """The newest released version, 0 when there is none."""
        return max((v for v, line in self.versions.items() if line.released), default=0)

    def with_version(self, version: int, line: VersionLine) -> LockFile:
        """Return the lock file with that version's line added or replaced."""
        return self._replace(versions={**self.versions, version: line})

    def with_snapshot(self, name: SnapshotName, line: SnapshotLine) -> LockFile:
        """Return the lock file with that snapshot's line added or replaced."""
        return self._replace(snapshots={**self.snapshots, name: line})


def content_digest(content: Content) -> str:
    """Return the SHA-256 of a file's bytes, with the algorithm's name before it."""
    digest = hashlib.sha256()
    for piece in content_pieces(content):
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def text_digest(content: bytes) -> str:
    """Return the digest of a text file, the same whichever way its lines end."""
    return content_digest(content.replace(b"\r\n", b"\n"))


def digests_as(content: bytes, number: int, before: int) -> frozenset[str]:
    """Return the digests of a migration's text as it is, and as it was under another number.

    A module that is renumbered from ``before`` to ``number`` has its new number in its text, too.
    """
    as_before = re.sub(_VERSION % number, rb"\g<1>%d" % before, content)
    return frozenset({text_digest(content), text_digest(as_before)})


def read_lock_file(path: Path) -> LockFile:
    """Return the lock file's content; a missing file gives an empty LockFile.

    Raises LockFileError, which names the line, when it cannot be read, is no TOML, or has a line
    of another shape.
    """
    try:
        content, text = read_lock_toml(path)
    except (FileNotFoundError, NotADirectoryError):
        return LockFile()
    if "format" not in content:
        refuse(path, f' has no "format = {_FORMAT}"')
    if content["format"] != _FORMAT:
        raise LockFileError(
            f"{shown_path(path)} has format {content['format']!r}; expected {_FORMAT}."
            " Install the version of pytest-pmd-migrations that wrote it."
        )
    versions: dict[int, VersionLine] = {}
    for name, line in _tables(path, content, "versions"):
        with _told(path, text, "versions", name):
            versions[int(name)] = _version_line(line)
    snapshots: dict[SnapshotName, SnapshotLine] = {}
    for name, line in _tables(path, content, "snapshots"):
        with _told(path, text, "snapshots", name):
            snapshots[SnapshotName.parse(name)] = SnapshotLine(
                str(line["digest"]), dict(line["rows"]), released=line.get("released", True)
            )
    return LockFile(versions, snapshots)


def _tables(path: Path, content: Mapping[str, Any], kind: str) -> Iterable[tuple[str, Any]]:
    found = content.get(kind, {})
    if not isinstance(found, Mapping):
        refuse(path, f" has {kind} = {found!r}, which is no table")
    return found.items()


@contextmanager
def _told(path: Path, text: str, kind: str, name: str) -> Iterator[None]:
    """Turn what is wrong with one version's or snapshot's lines into an error with the line."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, SnapshotError) as error:
        what = f"has no {error}" if isinstance(error, KeyError) else f"cannot be used: {error}"
        refuse(path, f", line {line_of_table(text, kind, name)}: [{kind}.{name}] {what}")


def lock_file_text(lock_file: LockFile) -> str:
    """Return a lock file as the text of its file, the same for the same content."""
    return "\n".join(_lines(lock_file)) + "\n"


def write_lock_file(path: Path, lock_file: LockFile) -> None:
    """Write the lock file by an atomic rename; raises SnapshotError where it cannot be."""
    # Commands write it; a matrix, which only reads it, needs nothing that writes.
    from pytest_pmd_migrations.snapshots.write import replace_file

    replace_file(path, lock_file_text(lock_file).encode())


def _version_line(line: Mapping[str, Any]) -> VersionLine:
    if not isinstance(line, Mapping):
        raise TypeError(f"it is {line!r}")
    released = _flag(line, "released")
    return VersionLine(
        file=str(line["file"]),
        text=str(line["text"]),
        schema=str(line["schema"]),
        rows={_start(text): digest for text, digest in line["rows"].items()},
        released=released,
        label=str(line.get("id", "")),
        volatile=_globs(line, "volatile"),
        ignore=_globs(line, "ignore"),
        marks=_flag(line, "marks", default=False),
    )


def _flag(line: Mapping[str, Any], key: str, *, default: bool | None = None) -> bool:
    flag = line[key] if default is None else line.get(key, default)
    if not isinstance(flag, bool):
        raise TypeError(f"{key} is {flag!r}")
    return flag


def _globs(line: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    globs = line.get(key)
    if globs is None:
        return None
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise TypeError(f"{key} is {globs!r}")
    return tuple(globs)


@lru_cache(maxsize=65_536)
def _start(text: str) -> Start:
    try:
        return parse_start(text)
    except SnapshotError:
        raise ValueError(f"rows names {text!r}, which is neither a snapshot nor fresh") from None


def _lines(lock_file: LockFile) -> Iterator[str]:
    starts = lru_cache(maxsize=None)(str)
    yield f"{_HEAD}format = {_FORMAT}"
    for version, line in sorted(lock_file.versions.items()):
        yield ""
        yield f"[versions.{format_version(version)}]"
        if line.label:
            yield f"id = {_text(line.label)}"
        yield f"file = {_text(line.file)}"
        yield f"released = {str(line.released).lower()}"
        yield f"text = {_text(line.text)}"
        yield f"schema = {_text(line.schema)}"
        if line.marks:
            yield "marks = true"
        for key, globs in (("volatile", line.volatile), ("ignore", line.ignore)):
            if globs is not None:
                yield f"{key} = [{', '.join(map(_text, globs))}]"
        yield f"[versions.{format_version(version)}.rows]"
        for start, digest in sorted((starts(start), digest) for start, digest in line.rows.items()):
            yield f"{_text(start)} = {_text(digest)}"
    for name, stored in sorted(lock_file.snapshots.items()):
        yield ""
        yield f"[snapshots.{_text(str(name))}]"
        yield f"digest = {_text(stored.digest)}"
        if not stored.released:
            yield "released = false"
        yield f"[snapshots.{_text(str(name))}.rows]"
        for table, count in sorted(stored.rows.items()):
            yield f"{_text(table)} = {count}"


def _text(value: str) -> str:
    """Return a basic string; TOML has no surrogate pairs and wants DEL escaped, unlike JSON."""
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
