"""Survey an application: read all that is stored of it, and walk its migrations, each once.

``check``, ``snapshot`` and ``release`` decide on the survey; they read and upgrade nothing again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.known_layouts import known_layout
from pytest_pmd_migrations.application.recorded import VersionResult, recorded_ignore
from pytest_pmd_migrations.cli.lineage_survey import LineageSurvey, LineageWalker
from pytest_pmd_migrations.errors import SchemaReadError, SnapshotError
from pytest_pmd_migrations.files.file_content import Content
from pytest_pmd_migrations.files.kept_bytes import Kept, keep, paragraphs
from pytest_pmd_migrations.files.regular_file import regular_pieces
from pytest_pmd_migrations.git.leftovers import FETCH, is_pointer
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.rows.damaged_pages import damaged_pages
from pytest_pmd_migrations.schema import Schema
from pytest_pmd_migrations.schema.reading.view_expansion import refuse_endless_views
from pytest_pmd_migrations.snapshots.lock_file import LockFile
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start
from pytest_pmd_migrations.snapshots.twin import twin_sql

__all__ = [
    "StoredSnapshot",
    "Survey",
    "TwinState",
    "compare_twin",
    "is_released",
    "take_survey",
]

TwinState = Literal["same", "other", "missing"]
"""How the text twin that is stored compares with the one that should be."""


@dataclass(frozen=True)
class StoredSnapshot:
    """A stored snapshot that is sound.

    ``twin`` says how the text twin beside it is, or why that cannot be read; ``twin_text`` is the
    one that belongs there, None where it is there.
    """

    image: Image
    twin_text: Kept | None
    twin: TwinState | SnapshotError


@dataclass(frozen=True)
class Survey:
    """Holds everything that was found of one application.

    ``snapshots`` are the sound ones, ``unsound`` says what is wrong with each other one; nothing
    stored of ``rebuilt`` was looked at, and ``stored_again`` is the variant that may differ from
    its lock line, if any. ``lineages`` begin with the fresh one, and those of snapshots that are no
    longer upgraded are left out; ``fresh_schemas`` holds the schema of each version that the fresh
    one reaches. ``walker`` walked them.
    """

    history: History
    lock_file: LockFile
    rebuilt: frozenset[SnapshotName]
    stored_again: SnapshotName | None
    snapshots: Mapping[SnapshotName, StoredSnapshot]
    unsound: Mapping[SnapshotName, SnapshotError]
    lineages: Mapping[Start, LineageSurvey]
    fresh_schemas: Mapping[int, Schema]
    walker: LineageWalker

    def rows(self, version: int) -> Mapping[Start, str]:
        """Return the digest of the rows of each lineage that has a step to ``version``."""
        return {
            start: lineage.rows[version]
            for start, lineage in self.lineages.items()
            if version in lineage.rows
        }

    def result(self, version: int) -> VersionResult:
        """Return what a version produces; the fresh lineage must reach it."""
        anew = [name.version for name in self.rebuilt]
        ignored = recorded_ignore(self.history, version, rebuilt=anew)
        schema = self.fresh_schemas[version].without(ignored)
        return VersionResult.of(schema, self.rows(version))

    def with_built(self, images: Mapping[SnapshotName, Image]) -> Survey:
        """Return the survey with the lineages of newly built snapshots, which are walked for it."""
        lineages = dict(self.lineages)
        for name, image in images.items():
            lineages[name] = self.walker.walk(name, image)
        return replace(self, lineages=lineages)

    @property
    def failing_variants(self) -> frozenset[SnapshotName]:
        """The variants that are to be stored and cannot be upgraded."""
        return frozenset(
            start
            for start, lineage in self.lineages.items()
            if isinstance(start, SnapshotName)
            and start.variant
            and lineage.failure is not None
            and (start == self.stored_again or start not in self.lock_file.snapshots)
        )

    def without_failing_variants(self) -> Survey:
        """Return the survey without the variants that are to be stored and cannot be upgraded."""
        failing = self.failing_variants
        return replace(
            self,
            snapshots={name: one for name, one in self.snapshots.items() if name not in failing},
            lineages={start: one for start, one in self.lineages.items() if start not in failing},
        )

    def without_lineage(self, start: Start) -> Survey:
        """Return the survey without the lineage of what is not to be stored after all."""
        return replace(self, lineages={s: one for s, one in self.lineages.items() if s != start})


def take_survey(
    history: History,
    *,
    rebuilt: Collection[SnapshotName] = (),
    stored_again: SnapshotName | None = None,
) -> Survey:
    """Read and verify each stored snapshot, and walk each lineage, once.

    ``rebuilt`` are snapshots that are to be built anew, whatever is stored of them; the variant
    ``stored_again`` was changed on purpose since its lock line was written.
    Raises LockFileError when the lock file cannot be read, SnapshotError when a stored file's
    name is none.
    """
    snapshots: dict[SnapshotName, StoredSnapshot] = {}
    unsound: dict[SnapshotName, SnapshotError] = {}
    names, lock_file = history.store.names, history.store.lock_file
    for name in (one for one in names if one not in rebuilt):
        try:
            snapshots[name] = _read_sound(history, name, changed=name == stored_again)
        except SnapshotError as error:
            unsound[name] = error
    fresh_schemas: dict[int, Schema] = {}
    anew = frozenset(rebuilt)
    walker = LineageWalker(history, [name.version for name in anew])
    fresh = walker.walk(FRESH, history.application.empty, fresh_schemas)
    lineages: dict[Start, LineageSurvey] = {FRESH: fresh}
    for name, stored in snapshots.items():
        if name in history.supported:
            lineages[name] = walker.walk(name, stored.image)
    found = Survey(history, lock_file, anew, stored_again, snapshots, unsound, lineages, {}, walker)
    return replace(found, fresh_schemas=fresh_schemas)


def is_released(history: History, name: SnapshotName) -> bool:
    """Return whether the lock file says that the snapshot is released.

    A variant is released with the versions up to its own; one that was stored later, by the next
    ``release``.
    """
    lock_file = history.store.lock_file
    if not name.variant:
        line = lock_file.versions.get(name.version)
        return line is not None and line.released
    stored = lock_file.snapshots.get(name)
    return stored is not None and stored.released and name.version <= lock_file.newest_released


def compare_twin(history: History, name: SnapshotName, text: Content) -> TwinState:
    """Return how the stored text twin of a snapshot compares with ``text``; line ends are free.

    Raises SnapshotError where something is there that cannot be read.
    """
    twin = history.store.folder.twin(name)
    try:
        if not twin.exists():
            return "missing"
        pieces = regular_pieces(twin)
        first = next(pieces, b"")
        same = _same_text(chain((first,), pieces), text)
    except OSError as error:
        raise SnapshotError(
            f"the text twin of snapshot {name} cannot be read",
            f"{shown_path(twin)}: {error.strerror}. Restore it from version control.",
        ) from error
    if is_pointer(first):
        raise SnapshotError(
            f"the text twin of snapshot {name} is a git-lfs pointer",
            f"{shown_path(twin)} stands for the text that git-lfs keeps elsewhere."
            f" Fetch it: {FETCH}",
        )
    return "same" if same else "other"


def _same_text(stored: Iterable[bytes], text: Content) -> bool:
    """Return whether a file, read piece by piece, has that text; how its lines end is free."""
    read = 0
    for piece in _unix_lines(stored):
        if text[read : read + len(piece)] != piece:
            return False
        read += len(piece)
    return read == len(text)


def _unix_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes with lines that end as on Unix."""
    held = b""
    for piece in pieces:
        whole = held + piece
        held = b"\r" if whole.endswith(b"\r") else b""
        yield whole.removesuffix(held).replace(b"\r\n", b"\n")
    yield held


def _read_sound(history: History, name: SnapshotName, *, changed: bool) -> StoredSnapshot:
    """Return a stored snapshot, verified, whose every page can be read; else SnapshotError.

    One may be damaged that is declared so; one that was ``changed`` on purpose may differ from its
    lock line.
    """
    image = history.store.read_changed(name) if changed else history.store.read(name)
    excuse = history.application.stored.get(str(name))
    with closing(image.connect()) as conn:
        try:
            found = damaged_pages(conn)
        except sqlite3.DatabaseError as error:
            found = [str(error)]
        if found and (excuse is None or excuse.damaged_until is None):
            raise SnapshotError(
                f"snapshot {name} is corrupt",
                f"{shown_path(history.store.folder.file(name))}: {found[0].splitlines()[-1]}."
                f" Restore it from version control{_declaration(history, name)}",
            )
        try:
            refuse_endless_views(conn)
        except SchemaReadError as error:
            raise SnapshotError(f"snapshot {name} cannot be read", str(error)) from error
        text = twin_sql(conn, known_layout(image, conn))
    try:
        twin = compare_twin(history, name, text)
    except SnapshotError as error:
        return StoredSnapshot(image, None, error)
    return StoredSnapshot(image, None if twin == "same" else keep(text, paragraphs), twin)


def _declaration(history: History, name: SnapshotName) -> str:
    """Return what else can be done about a damaged snapshot: only a variant may be meant so."""
    if not name.variant:
        return "."
    table = history.application.stored_table(name)
    return (
        "; or, where users have such databases, write into the file that migration_rows names, with"
        f' the version that mends it: [{table}] damaged = "until NNNN"'
    )
