"""Read the text of ``frozen.toml`` as TOML, or say what became of it, where, and what mends it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from pytest_pmd_migrations.errors import LockFileError
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.git.leftovers import (
    FETCH,
    conflicts_in,
    is_pointer,
    sides_of_conflicts,
)
from pytest_pmd_migrations.messages.wording import shown_path, typed_path
from pytest_pmd_migrations.snapshots.written_lock_lines import written_lock_toml

__all__ = ["line_of_table", "read_lock_toml", "refuse"]

_TABLE = re.compile(r'\s*\[\s*(versions|snapshots)\s*\.\s*(?:"([^"]+)"|\'([^\']+)\'|([\w-]+))\s*\]')
_POSITION = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
_RELEASED = re.compile(r"^\s*released\s*=\s*true\b", re.MULTILINE)
_LONGEST = 60


def read_lock_toml(path: Path) -> tuple[dict[str, Any], str]:
    """Return the content of the lock file, and its text.

    Raises FileNotFoundError or NotADirectoryError where there is no such file, LockFileError
    where there is one that holds no TOML.
    """
    text = _read_text(path)
    _refuse_conflict(path, text)
    _refuse_doubles(path, text)
    written = written_lock_toml(text)
    if written is not None:
        return written, text
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        _refuse_broken(path, text, error)


def line_of_table(text: str, kind: str, name: str) -> int:
    """Return the number of the line that begins a table such as ``[versions.0008]``, else 1."""
    for number, found_kind, found_name in _tables(text):
        if (found_kind, found_name) == (kind, name):
            return number
    return 1


def refuse(path: Path, what: str) -> NoReturn:
    """Raise the LockFileError that says what is wrong, and how the file is restored."""
    raise LockFileError(
        f"{shown_path(path)}{what}; expected what pmd-migrations writes. Restore it:"
        f" git checkout HEAD -- {typed_path(path)}"
    )


def _read_text(path: Path) -> str:
    shown = shown_path(path)
    try:
        content = read_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except PermissionError as error:
        raise LockFileError(
            f"{shown} cannot be read: {error.strerror}. Make it readable:"
            f" chmod u+r {typed_path(path)}"
        ) from error
    except OSError as error:
        what = "is a folder" if path.is_dir() else f"cannot be read: {error.strerror}"
        raise LockFileError(
            f"{shown} {what}; expected the file that pmd-migrations writes. Move it away, and"
            f" restore the file: git checkout HEAD -- {typed_path(path)}"
        ) from error
    if is_pointer(content):
        raise LockFileError(
            f"{shown} is a git-lfs pointer, which stands for the file that git-lfs keeps"
            f" elsewhere. Fetch it: {FETCH}"
        )
    try:
        # Some editors and shells write a byte order mark, which means nothing.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            refuse(path, " is UTF-16, as an editor or a shell saved it")
        line = content.count(b"\n", 0, error.start) + 1
        refuse(path, f", line {line}: byte 0x{content[error.start]:02x} is no UTF-8")
    if not text.strip():
        refuse(path, " is empty")
    return text


def _refuse_conflict(path: Path, text: str) -> None:
    count, line = conflicts_in(text)
    if not line:
        return
    which = f"{count} merge conflicts, the first" if count > 1 else "a merge conflict"
    ours, theirs = (len(_RELEASED.findall(side)) for side in sides_of_conflicts(text))
    # What is released must stay so, whoever merges whom.
    whose = "has released more" if ours != theirs else "was merged first (--ours in a rebase)"
    option = "--ours" if ours > theirs else "--theirs"
    raise LockFileError(
        f"{shown_path(path)} has {which} in line {line}. Take all snapshots of the side that"
        f" {whose}: git checkout {option} -- {typed_path(path.parent)}. Where a migration of the"
        " other side has a number that is taken then, give it the next free one. Then:"
        " pmd-migrations snapshot"
    )


def _refuse_doubles(path: Path, text: str) -> None:
    """Raise where two tables are about one version or one snapshot, however it is spelled."""
    known: dict[tuple[str, str | int], int] = {}
    for number, kind, name in _tables(text):
        numbered = kind == "versions" and name.isdecimal()
        key = kind, int(name) if numbered else name
        if key in known:
            what = "version" if kind == "versions" else "snapshot"
            raise LockFileError(
                f"{shown_path(path)} has {what} {name} twice, in line {known[key]} and in line"
                f" {number}; expected it once. Where two branches gave two migrations one number,"
                " give the newer the next free one. Delete the lines that are not of the"
                f" {'migration' if numbered else 'file'} that stays, then:"
                " pmd-migrations snapshot"
            )
        known[key] = number


def _tables(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each table of a version or a snapshot: its line, its kind, its name."""
    for number, line in enumerate(text.splitlines(), 1):
        match = _TABLE.match(line) if "[" in line else None
        if match:
            yield number, match[1], match[2] or match[3] or match[4]


def _refuse_broken(path: Path, text: str, error: tomllib.TOMLDecodeError) -> NoReturn:
    lines = text.splitlines()
    position = _POSITION.search(str(error))
    what = _POSITION.sub("", str(error))
    if position is None:
        refuse(path, f" is no TOML: {what}")
    number = int(position["line"] or len(lines))
    shown = lines[number - 1].strip()[:_LONGEST]
    if position["line"] is None or (number == len(lines) and not text.endswith("\n")):
        refuse(path, f" ends in the middle of line {number}: {shown!r}")
    refuse(path, f", line {number}: {what}, in {shown!r}")
