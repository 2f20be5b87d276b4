"""One template as a file: a digest of all that follows, what it was built from, the database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.snapshots.lock_file import content_digest
from pytest_pmd_migrations.snapshots.temporary_files import owned_file

__all__ = ["StoredTemplate", "one_at_a_time", "read_template", "write_template"]


@dataclass(frozen=True)
class StoredTemplate:
    """A fresh database that was built before, and a mark of each thing it was built from.

    ``title`` says of what; ``content`` is None where two builds differ, so that each process must
    build its own.
    """

    title: str
    inputs: Mapping[str, str]
    content: bytes | None


def read_template(path: Path, title: str) -> StoredTemplate | None:
    """Return what is stored there under that title; None where that is nothing, or is damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, _, rest = stored.partition(b"\n")
    if digest != content_digest(rest).encode():
        return None
    head, _, content = rest.partition(b"\n")
    told = json.loads(head)
    if told["title"] != title:
        return None
    return StoredTemplate(title, told["inputs"], content if told["same_again"] else None)


def write_template(path: Path, template: StoredTemplate) -> None:
    """Store a template by an atomic rename; raises OSError where that cannot be."""
    told = {
        "title": template.title,
        "inputs": dict(template.inputs),
        "same_again": template.content is not None,
    }
    rest = json.dumps(told).encode() + b"\n" + (template.content or b"")
    with owned_file(path, content_digest(rest).encode() + b"\n" + rest) as temporary:
        temporary.replace(path)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[bool]:
    """Let one process at a time into the block; yield whether nobody was in it before.

    ``path`` is the file that is locked; raises OSError where it cannot be written. Where the
    platform or the file system has no locks, everybody comes in at once.
    """
    with path.open("ab") as file:
        if sys.platform == "win32":
            yield True
            return
        import fcntl

        was_free = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            was_free = False
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)
        yield was_free
