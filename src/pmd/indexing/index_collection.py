"""Bring the index of one collection to what the files of its folder say.

A file is compared by the SHA-256 of its bytes with the text stored for its path: every file is
read, and neither its size nor its time is trusted. What is equal is not written again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR
from typing import TYPE_CHECKING, TypeAlias

from pmd.indexing.document_index import DocumentIndex
from pmd.indexing.errors import FolderError, Problem
from pmd.indexing.patterns import Patterns
from pmd.indexing.walk import FoundFiles, find_files
from pmd.store.clock import Clock, utc_now
from pmd.store.database import Database
from pmd.store.files.file_mode import file_mode
from pmd.store.repositories.source_collections import DEFAULT_GLOB_PATTERNS, Collection

if TYPE_CHECKING:
    from pmd.indexing.markdown import MarkdownDocument

__all__ = ["IndexProgress", "IndexReport", "index_collection"]

FILES_AT_ONCE = 200
BYTES_AT_ONCE = 8 * 1024 * 1024
_BYTES_AT_A_READ = 64 * 1024
# Windows would translate the ends of lines.
_TO_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)

IndexProgress: TypeAlias = Callable[[int, int], None]
"""Is called with how many files are done, and how many there are."""


@dataclass(slots=True)
class IndexReport:
    """What one run did with a collection's documents, in numbers, and what it could not read."""

    unchanged: int = 0
    added: int = 0
    changed: int = 0
    returned: int = 0
    vanished: int = 0
    problems: list[Problem] = field(default_factory=list)


def index_collection(
    database: Database,
    collection: Collection,
    *,
    allow_empty: bool = False,
    progress: IndexProgress | None = None,
    clock: Clock = utc_now,
) -> IndexReport:
    """Index the files of a collection's folder, and return what was done.

    New and changed files are written, some in one transaction; documents whose file has vanished
    are removed from the index, and come back with their file. What cannot be read is a problem of
    the report, and what is indexed of it stays. Raises FolderError, and changes nothing, where the
    folder cannot be read, or where no file is left in it although documents are indexed: only
    with `allow_empty` are these removed.
    """
    folder = _folder(collection)
    patterns = collection.glob_patterns or DEFAULT_GLOB_PATTERNS
    found = find_files(folder, Patterns(patterns))
    index = DocumentIndex(database, collection.id, clock)
    report = IndexReport(problems=list(found.problems))
    vanished = _vanished(index, found, report)
    if vanished and not found.paths and not allow_empty:
        raise _emptied(folder, patterns, len(vanished))
    for batch in _changed(folder, found.paths, index, report, progress):
        written, problems = index.write(batch)
        report.added += written.count("added")
        report.changed += written.count("changed")
        report.returned += written.count("returned")
        report.problems.extend(problems)
    with database.transaction():
        index.remove(vanished)
        if report.changed or report.returned:
            index.forget_unused_texts()
    report.vanished = len(vanished)
    report.problems.sort(key=lambda problem: problem.path)
    return report


def _folder(collection: Collection) -> Path:
    folder = Path(collection.pwd)
    if not folder.is_absolute():
        raise FolderError(
            f"the folder of the collection is {collection.pwd!r}, which is no absolute path."
            " Nothing of it was changed. Add the folder under another name."
        )
    try:
        mode = file_mode(folder)
        what = "is gone" if mode is None else "is no folder any more"
        there = S_ISDIR(mode or 0)
    except OSError as error:
        what, there = f"cannot be looked at ({error.strerror})", False
    if not there:
        raise FolderError(
            f"the folder {folder} {what}. Its documents stay in the index as they are. Bring it"
            " back (is its disk mounted?), or add it from where it is now under another name."
        )
    return folder


def _emptied(folder: Path, patterns: Sequence[str], count: int) -> FolderError:
    return FolderError(
        f"the folder {folder} holds no file that matches {' or '.join(patterns)}, but"
        f" {count} of its files are indexed. Nothing of the collection was changed. Is its disk"
        " not mounted? Mount it and index again. Was the folder emptied on purpose? Index it by"
        " its name with --allow-empty."
    )


def _vanished(index: DocumentIndex, found: FoundFiles, report: IndexReport) -> list[str]:
    """Return the paths whose file is gone for certain; tell what leaves the others open."""
    paths = set(found.paths)
    vanished = []
    for path in index.active:
        if path in paths:
            continue
        unknown = found.why_unknown(path)
        if unknown is None:
            vanished.append(path)
        elif unknown not in report.problems:
            report.problems.append(unknown)
    return vanished


def _changed(
    folder: Path,
    paths: list[str],
    index: DocumentIndex,
    report: IndexReport,
    progress: IndexProgress | None,
) -> Iterator[list[tuple[str, MarkdownDocument]]]:
    """Yield the documents that differ from the index, some at a time; count the others."""
    batch: list[tuple[str, MarkdownDocument]] = []
    size = 0
    inside = os.path.join(folder, "")  # noqa: PTH118  # a Path for each file takes longer
    for done, path in enumerate(paths):
        if progress and done % FILES_AT_ONCE == 0:
            progress(done, len(paths))
        try:
            content = _content(f"{inside}{path}")
            if index.is_current(path, hashlib.sha256(content).hexdigest()):
                report.unchanged += 1
                _tell(report, path, index.known_problem(path))
                continue
            document = _document(path, content)
        except (OSError, UnicodeDecodeError) as error:
            kept = ". What is indexed of it stays" if index.holds(path) else ""
            _tell(report, path, f"{_why_unread(error)}{kept}")
            continue
        _tell(report, path, document.problem)
        batch.append((path, document))
        size += len(content)
        if len(batch) == FILES_AT_ONCE or size > BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
    if progress and paths:
        progress(len(paths), len(paths))


def _content(file: str) -> bytes:
    # In half the time of open() and read(), which ask the system for more than the bytes.
    descriptor = os.open(file, _TO_READ)
    try:
        content = os.read(descriptor, _BYTES_AT_A_READ)
        # Most files end here; a short answer alone does not say so.
        if more := os.read(descriptor, _BYTES_AT_A_READ):
            further = iter(lambda: os.read(descriptor, _BYTES_AT_A_READ), b"")
            content = b"".join((content, more, *further))
        return content
    finally:
        os.close(descriptor)


def _document(path: str, content: bytes) -> MarkdownDocument:
    # Imported here, so that a run that finds every file unchanged is spared it.
    from pmd.indexing.markdown import read_markdown

    return read_markdown(path, content.decode())


def _tell(report: IndexReport, path: str, reason: str | None) -> None:
    if reason:
        report.problems.append(Problem(path, reason))


def _why_unread(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it went away while the folder was read. Index again"
    if isinstance(error, OSError):
        return f"it cannot be read: {error.strerror}. Make it readable, and index again"
    line = error.object.count(b"\n", 0, error.start) + 1
    byte = error.object[error.start]
    return f"it is no UTF-8 (line {line} has the byte 0x{byte:02X}). Save it as UTF-8"
