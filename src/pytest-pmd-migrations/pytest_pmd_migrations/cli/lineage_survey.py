"""Walk the lineages of a survey: the digest of each one's rows at every version."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import DigestedRows, RowDigester
from pytest_pmd_migrations.application.shared_schemas import SharedSchemas
from pytest_pmd_migrations.application.step import State, Step, StoredText
from pytest_pmd_migrations.connections.asked_tables import asking
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.repeated.known_steps import KnownSteps
from pytest_pmd_migrations.repeated.lineage import DivergedError, Lineage
from pytest_pmd_migrations.schema import Schema, read_schema
from pytest_pmd_migrations.snapshots.names import Start

__all__ = ["LineageSurvey", "LineageWalker"]


@dataclass(frozen=True)
class LineageSurvey:
    """One lineage, walked to its end: the digest of its rows at each version that it reaches.

    ``failure`` is the step at which the survey of this lineage had to stop, if any.
    """

    rows: Mapping[int, str]
    failure: StepFailedError | None


class LineageWalker:
    """Walks the lineages of one survey; those that have become the same take their steps once.

    ``rebuilt`` are the versions whose lock lines are to be written anew. ``fresh_texts`` are the
    stored texts of the schemas that were read, by version.
    """

    def __init__(self, history: History, rebuilt: Collection[int]) -> None:
        self.fresh_texts: dict[int, StoredText] = {}
        self._shared = SharedSchemas()
        self._history = history
        self._rebuilt = tuple(rebuilt)
        self._met: dict[tuple[int, State], LineageSurvey] = {}
        self._known: KnownSteps[DigestedRows] | None = KnownSteps()

    def walk(
        self,
        start: Start,
        image: Image,
        schemas: dict[int, Schema] | None = None,
        *,
        to: int | None = None,
    ) -> LineageSurvey:
        """Walk a database to version ``to``, None for latest.

        ``schemas``, where given, gets the schema at each version.
        """
        known = self._known if self._history.rules.share else None
        try:
            return self._walk_with(known, start, image, schemas, to)
        except DivergedError:
            # An application that looks at more than SQLite hears of takes all its steps itself.
            self._known = None
            return self._walk_with(None, start, image, schemas, to)

    def _walk_with(
        self,
        known: KnownSteps[DigestedRows] | None,
        start: Start,
        image: Image,
        schemas: dict[int, Schema] | None,
        to: int | None,
    ) -> LineageSurvey:
        history = self._history
        digester = RowDigester(history, rebuilt=self._rebuilt)
        rows: dict[int, str] = {}
        states: list[tuple[int, State]] = []
        failure = None
        try:
            source, limits = history.application.source, history.step_limits(start)
            with Lineage(source, image, known, limits) as lineage:
                if known is not None and image.size <= MEMORY_LIMIT:
                    # Of a large database no step is repeated, so that no digest is built upon.
                    digester.digest(lineage.step)
                while not lineage.has_ended and lineage.version != to:
                    other = self._met_by(lineage, states)
                    if other is not None and schemas is None:
                        at = lineage.version
                        later = {one: told for one, told in other.rows.items() if one > at}
                        rows, failure = {**rows, **later}, other.failure
                        break
                    digest = _digest_next(lineage, digester)
                    rows[lineage.version] = digest
                    if schemas is not None:
                        self._add_schema(lineage.step, schemas)
        except StepFailedError as error:
            failure = error
        found = LineageSurvey(rows, failure)
        if to is None:
            for state in states:
                self._met.setdefault(state, found)
        return found

    def _met_by(
        self, lineage: Lineage[DigestedRows], states: list[tuple[int, State]]
    ) -> LineageSurvey | None:
        """Return the survey of another lineage that was once what this one is now."""
        step = lineage.step
        if step.version != lineage.version or not self._history.rules.share or step.state is None:
            return None
        states.append((step.version, step.state))
        # What made a step meet a limit is told of each lineage.
        return None if lineage.limits.met else self._met.get(states[-1])

    def _add_schema(self, step: Step, schemas: dict[int, Schema]) -> None:
        last = next(reversed(self.fresh_texts), None)
        if last is not None and step.text == self.fresh_texts[last]:
            self.fresh_texts[step.version] = self.fresh_texts[last]
            schemas[step.version] = schemas[last]
            return
        self.fresh_texts[step.version] = self._shared.text(step.text)
        # Not from the step's own connection, on which the runner may have set what nobody else has.
        with closing(step.after.connect()) as conn:
            schemas[step.version] = self._shared.schema(read_schema(conn))


def _digest_next(lineage: Lineage[DigestedRows], digester: RowDigester) -> str:
    """Take the next step of a lineage, or repeat it; return the digest of all rows after it."""
    known = lineage.find()
    if known is not None and digester.may_repeat(known.version, known.seen):
        lineage.repeat(known)
        return digester.repeat(known.version, known.seen)
    with asking() as asked:
        digested = digester.digest(lineage.take())
    lineage.remember(asked, digested)
    return digested.whole
