"""Build fresh databases from nothing, by every migration, once a process for each version."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, nullcontext
from functools import cached_property
from typing import NamedTuple

from pytest_pmd_migrations.application.shared_schemas import SharedSchemas
from pytest_pmd_migrations.application.step import Step, StoredText
from pytest_pmd_migrations.application.upgrade import EMPTY, walk
from pytest_pmd_migrations.errors import FreshFailedError, MigrationTestError, StepFailedError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.protocol import Source
from pytest_pmd_migrations.still_clock.clock_and_dice import clock_moves

__all__ = ["FreshDatabases"]


class _Fresh(NamedTuple):
    image: Image
    text: StoredText


class FreshDatabases:
    """The fresh databases of one source, built from ``empty`` as far as they are asked for.

    ``version`` is one of the source's, or 0 for the database with no tables; ``limits`` are what a
    step may take. With ``real_clock`` they are what a user's upgrade makes today: SQL's clock
    moves, and its dice are thrown. ``shared`` has what their schemas have in common.
    """

    def __init__(
        self,
        source: Source,
        empty: Image = EMPTY,
        *,
        limits: StepLimits | None = None,
        real_clock: bool = False,
    ) -> None:
        self.shared = SharedSchemas()
        self._source = source
        self._empty = empty
        self._limits = limits
        self._clock = clock_moves if real_clock else nullcontext
        self._built: dict[int, _Fresh] = {}
        self._schemas: dict[StoredText, Schema] = {}
        self._steps: Iterator[Step] | None = None
        self._ended: BaseException | None = None

    def add(self, step: Step) -> None:
        """Take over a step of a fresh lineage that is walked anyway, while nothing is built yet."""
        if self._steps is None:
            self._built[step.version] = _Fresh(step.after, self.shared.text(step.text))

    @cached_property
    def built_again(self) -> FreshDatabases:
        """The same databases, built a second time when they are asked for."""
        moves = self._clock is clock_moves
        return FreshDatabases(self._source, self._empty, limits=self._limits, real_clock=moves)

    @property
    def built(self) -> Collection[int]:
        """The versions of the databases that were built so far."""
        return self._built.keys()

    def image(self, version: int) -> Image:
        """Return the fresh database at ``version``.

        Raises FreshFailedError when the runner cannot build it.
        """
        return self._fresh(version).image

    def text(self, version: int) -> StoredText:
        """Return the stored schema text of the fresh database at ``version``."""
        return self._fresh(version).text

    def schema(self, version: int) -> Schema:
        """Return the schema of the fresh database at ``version``; read once for an equal text."""
        text = self.text(version)
        if text not in self._schemas:
            with closing(self.image(version).connect()) as conn:
                self._schemas[text] = self.shared.schema(read_schema(conn))
        return self._schemas[text]

    def _fresh(self, version: int) -> _Fresh:
        while version not in self._built:
            if self._ended is not None:
                raise self._ended
            if self._steps is None:
                self._steps = walk(self._source, self._empty, limits=self._limits)
            try:
                with self._clock():
                    step = next(self._steps)
            except BaseException as error:
                # A generator that raised has ended, so its error is kept for every later question.
                self._ended = _failure(error, version)
                if self._ended is error:
                    raise
                raise self._ended from error
            self._built[step.version] = _Fresh(step.after, self.shared.text(step.text))
        return self._built[version]


def _failure(error: BaseException, version: int) -> BaseException:
    """Return what to raise where no fresh database can be built at ``version``.

    An error that is not the package's own says by itself what happened.
    """
    if isinstance(error, StopIteration):
        number = format_version(version)
        message = f"a fresh database cannot be built: no step of the source leads to {number}"
        return FreshFailedError(message, version=version)
    if not isinstance(error, MigrationTestError):
        return error
    message = f"a fresh database cannot be built: {error}"
    if not isinstance(error, StepFailedError):
        return FreshFailedError(message, version=version)
    return FreshFailedError(
        message,
        version=error.version,
        headline=error.headline,
        lines=error.lines,
        line=error.line,
    )
