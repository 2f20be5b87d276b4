"""One lineage whose steps are taken, or known from another lineage that took the same ones."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, Self, TypeVar

from pytest_pmd_migrations.application.known_layouts import known_layout
from pytest_pmd_migrations.application.runner_tables import runner_tables
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.connections.asked_tables import AskedTables, asking
from pytest_pmd_migrations.connections.connection import ApplicationConnection
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.repeated.facts_of_step import facts_of
from pytest_pmd_migrations.repeated.footprint import find_footprint
from pytest_pmd_migrations.repeated.known_steps import Facts, KnownStep, KnownSteps
from pytest_pmd_migrations.repeated.later_image import LaterImage
from pytest_pmd_migrations.schema import refuse_missing_names
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.protocol import Source, versions_of

__all__ = ["DivergedError", "Lineage"]

Seen = TypeVar("Seen")
"""What somebody saw of a step, and of each that is the same."""


class DivergedError(Exception):
    """Steps that were known do otherwise when they are taken: they look at more than was heard."""


class Lineage(Generic[Seen]):
    """A database on its way to the latest version, on one private connection.

    ``step`` is the last step that was taken, first the database as it is; its connection lives
    until the next one is taken. Steps that are known are repeated without taking them. Before one
    that is not, they are all made good, so that it finds the database that it expects. Where
    ``like`` is the layout of a similar database, less of the file is looked at. ``conn`` is a
    connection to ``start`` that is used up here, where there is one that was only read from.
    """

    def __init__(
        self,
        source: Source,
        start: Image,
        known: KnownSteps[Seen] | None,
        limits: StepLimits,
        like: Layout | None = None,
        *,
        conn: ApplicationConnection | None = None,
    ) -> None:
        self._source = source
        self.limits = limits
        self._known = known
        self._conn = conn or start.connect()
        try:
            version = current_version(source, self._conn)
            layout = known_layout(start, self._conn, like)
        except BaseException:
            self._conn.close()
            raise
        self._own = runner_tables(source)
        self.step = Step(version, None, start, self._conn, layout=layout, own=self._own)
        self.version = version
        self._later = [later for later in versions_of(source) if later > version]
        self._pending: list[int] = []
        self._facts = self._read_facts()
        self._before: Facts | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._conn.close()

    @property
    def has_ended(self) -> bool:
        """Whether it is at the latest version."""
        return not self._later

    @property
    def last(self) -> Image:
        """The database that it has come to; after steps that were repeated, made when asked for."""
        if not self._pending:
            return self.step.after
        return LaterImage(self._source, self.step.after, self.version, self.limits)

    def find(self) -> KnownStep[Seen] | None:
        """Return the next step if it is known; None where it must be taken.

        Where a step met a limit, that is told of each lineage.
        """
        if self._known is None or self._facts is None or self.limits.met:
            return None
        return self._known.find(self._later[0], self._facts)

    def repeat(self, known: KnownStep[Seen]) -> None:
        """Go on as if the next step had been taken, which :meth:`find` returned."""
        if self._facts is not None:
            self._facts.become(known)
        self._pending.append(self._arrive())

    def take(self) -> Step:
        """Take the next step and return it.

        Raises StepFailedError when the application's runner does not arrive, MissingNameError when
        it made what needs a function or collation that no other connection has, DivergedError
        where steps that were repeated do otherwise.
        """
        self._make_good()
        record = take_step(self._source, self._conn, self._later[0], limits=self.limits)
        after = Image.of_connection(self._conn)
        self.step = self.step.next(self._arrive(), after, self._conn, record)
        refuse_missing_names(self.step.text, after.preparation)
        self._before, self._facts = self._facts, self._read_facts()
        return self.step

    def remember(self, asked: AskedTables, seen: Seen) -> None:
        """Let other lineages repeat the step that was just taken, of which ``seen`` was seen.

        ``asked`` is what it asked for, and what the application was asked for because of it.
        """
        before, after = self._before, self._facts
        if self._known is None or before is None or after is None:
            return
        needs_keys = asked.keys
        footprint = None if self.limits.met else find_footprint(asked, before, after, self.step)
        if footprint is None or (needs_keys and not (before.sound_keys and after.sound_keys)):
            return
        changed = after.changed_since(before)
        known = KnownStep(
            self.version,
            tuple(sorted(footprint)),
            after.settings,
            after.schema,
            changed,
            after.marks,
            after.sound_keys,
            needs_keys,
            before.page_size if asked.page_size else None,
            seen,
        )
        self._known.add(before, known)

    def _arrive(self) -> int:
        self.version = self._later.pop(0)
        return self.version

    def _read_facts(self) -> Facts | None:
        return None if self._known is None else facts_of(self.step)

    def _make_good(self) -> None:
        """Take the steps that were repeated, and see that they do what was said of them."""
        if not self._pending:
            return
        try:
            with asking():
                for version in self._pending:
                    take_step(self._source, self._conn, version, limits=self.limits)
        except StepFailedError as error:
            raise DivergedError from error
        self._pending.clear()
        image = Image.of_connection(self._conn)
        layout = self.step.layout
        if layout is not None:
            layout = layout.next(image.stored, stored_objects(self._conn))
        self.step = Step(self.version, None, image, self._conn, layout=layout, own=self._own)
        expected, self._facts = self._facts, self._read_facts()
        if expected != self._facts:
            raise DivergedError
