"""What may lie at a database's path: one value for each row of the table in docs/MIGRATIONS.md."""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from pmd.store.errors import DatabasePathError, ForeignDatabaseError
from pmd.store.migrations import (
    DamagedDatabaseError,
    DatabaseLockedError,
    DatabaseTooNewError,
    MigrationError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
)

SNAPSHOTS = Path(__file__).parents[4] / "fixtures" / "snapshots"
OLD = SNAPSHOTS / "0007.db"
NEWEST = SNAPSHOTS / "0012.db"


@dataclass(frozen=True)
class Input:
    """Makes something in a folder and returns its path; `error` is None where it opens.

    `says` is in the message. Everything entered on the stack stays until the test is over.
    """

    make: Callable[[Path, ExitStack], Path | str]
    error: type[MigrationError] | None = None
    says: str = ""
    documents: int = 9


def old(folder, name="notes.db", *, source=OLD):
    return Path(shutil.copyfile(source, folder / name))


def connect(path):
    return closing(sqlite3.connect(path, isolation_level=None))


def stamped(pragma, *, source=OLD):
    def make(folder, stack):
        path = old(folder, source=source)
        with connect(path) as conn:
            conn.execute(f"PRAGMA {pragma}")
        return path

    return make


def holding(data):
    def make(folder, stack):
        path = folder / "notes.db"
        path.write_bytes(data)
        return path

    return make


def named(name):
    return lambda folder, _: old(folder, name)


def locked(folder, stack):
    path = old(folder)
    holder = stack.enter_context(connect(path))
    holder.execute("BEGIN EXCLUSIVE")
    return path


def crashed(folder, stack, *, name="notes.db"):
    """A database whose writer died in the middle of a commit: some pages are new, some old."""
    path = old(folder, "writer.db")
    with connect(path) as conn:
        conn.execute("PRAGMA cache_size = 5")
        conn.execute("BEGIN")
        conn.execute("UPDATE documents SET title = 'half'")
        conn.execute("CREATE TABLE filler AS SELECT zeroblob(100000) AS x")
        shutil.copyfile(path, folder / name)
        shutil.copyfile(f"{path}-journal", folder / f"{name}-journal")
        conn.execute("ROLLBACK")
    assert (folder / name).read_bytes() != path.read_bytes()
    path.unlink()
    return folder / name


def side(name, *, mode, data=None):
    """An old database with such a file beside it; None for a folder."""

    def make(folder, stack):
        path = old(folder)
        with connect(path) as conn:
            conn.execute(f"PRAGMA journal_mode = {mode}")
        beside = folder / f"notes.db{name}"
        if data is None:
            beside.mkdir()
        else:
            beside.write_bytes(data)
        return path

    return make


def own_wal(folder, stack):
    """The WAL that was there before the last checkpoint."""
    path = old(folder)
    with connect(path) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("UPDATE documents SET title = title")
        wal = (folder / "notes.db-wal").read_bytes()
    (folder / "notes.db-wal").write_bytes(wal)
    return path


def foreign_wal(folder, stack):
    """A whole WAL, of another database with the same page size."""
    other = old(folder, "other.db", source=SNAPSHOTS / "0010.db")
    path = old(folder)
    with connect(other) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE filler AS SELECT zeroblob(90000) AS x")
        conn.execute("DELETE FROM filler")
        shutil.copyfile(f"{other}-wal", f"{path}-wal")
    other.unlink()
    return path


def pipe(folder, stack):
    os.mkfifo(folder / "notes.db")
    return folder / "notes.db"


def listening(folder, stack):
    end = stack.enter_context(socket.socket(socket.AF_UNIX))
    end.bind(os.path.relpath(folder / "notes.db"))
    return folder / "notes.db"


def link(folder, stack, *, there=True):
    (folder / "files").mkdir()
    if there:
        old(folder / "files")
    (folder / "link.db").symlink_to(folder / "files" / "notes.db")
    return folder / "link.db"


def loop(folder, stack):
    (folder / "notes.db").symlink_to("notes.db")
    return folder / "notes.db"


def below_a_file(folder, stack):
    (folder / "file").touch()
    return folder / "file" / "notes.db"


def new(make):
    return Input(make, documents=0)


GARBAGE = "is no SQLite database, or is encrypted. Nothing was changed; check the path."
SPECIAL = "it is a device, pipe or socket. Give the path of a regular file."

INPUTS = {
    "nothing": new(lambda folder, _: folder / "notes.db"),
    "a zero-byte file": new(holding(b"")),
    "`:memory:`": new(lambda *_: ":memory:"),
    "text, or another format": Input(holding(b"# Notes\n" * 99), NotADatabaseError, GARBAGE),
    "an encrypted file": Input(
        holding(random.Random(1).randbytes(8192)), NotADatabaseError, GARBAGE
    ),
    "another program's `application_id`": Input(
        stamped("application_id = 0x47504B47"),
        ForeignDatabaseError,
        "belongs to another program: its application_id is 0x47504B47, and pmd's databases have"
        " none. Nothing was changed; give the path of a pmd database.",
    ),
    "a newer version": Input(
        stamped("user_version = 13"),
        DatabaseTooNewError,
        "is at version 13, newer than this code, which knows versions up to 12.",
    ),
    "a negative version": Input(
        stamped("user_version = -1"), MigrationError, "has the version -1; expected one from 0"
    ),
    "a folder": Input(
        lambda folder, _: folder,
        DatabasePathError,
        "it is a folder. Give the path of a file in it.",
    ),
    "a folder that does not exist": Input(
        lambda folder, _: folder / "no" / "notes.db",
        DatabasePathError,
        "does not exist. Create it first, or give another path.",
    ),
    "a file where a folder should be": Input(
        below_a_file, DatabasePathError, "Create it first, or give another path."
    ),
    "a pipe": Input(pipe, DatabasePathError, SPECIAL),
    "a socket": Input(listening, DatabasePathError, SPECIAL),
    "a device": Input(lambda *_: "/dev/null", DatabasePathError, SPECIAL),
    "a name with spaces": Input(named("my own notes.db")),
    "a name in any script": Input(named("ünïcode 文字 🙂.db")),
    "a name with `?`": Input(named("a?mode=ro&immutable=1.db")),
    "a name with `#` or `%41`": Input(named("a#b%41.db")),
    "a name that is no text": Input(named(os.fsdecode(b"caf\xe9.db"))),
    "a name too long": Input(
        lambda folder, _: folder / ("n" * 300),
        DatabasePathError,
        "Check that you may read and write the file and its folder.",
    ),
    "a name too long for a journal's": Input(
        named("n" * 250), MigrationError, "Nothing was changed"
    ),
    "a link": Input(link),
    "a link to nothing": new(lambda folder, stack: link(folder, stack, there=False)),
    "a link to itself": Input(
        loop, DatabasePathError, "Check that you may read and write the file and its folder."
    ),
    "a locked file": Input(
        locked,
        DatabaseLockedError,
        "is locked: another connection kept its lock for longer than this one's timeout.",
    ),
    "a hot journal": Input(crashed),
    "a folder named `-journal`": Input(
        side("-journal", mode="delete"), MigrationError, "Nothing was changed; check the disk"
    ),
    "a folder named `-wal`": Input(
        side("-wal", mode="delete"), ReadOnlyDatabaseError, "move away what else has such a name"
    ),
    "an empty `-wal`": Input(side("-wal", mode="wal", data=b"")),
    "a `-wal` of garbage": Input(side("-wal", mode="wal", data=b"garbage" * 999)),
    "its own `-wal` of before a checkpoint": Input(own_wal),
    "a whole `-wal` of another database": Input(
        foreign_wal, DamagedDatabaseError, "is damaged: malformed database schema"
    ),
}
