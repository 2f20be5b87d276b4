"""Walk the lineages of a survey: the digest of each one's rows at every version."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import row_digester
from pytest_pmd_migrations.application.upgrade import State, Step, StoredText, walk
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.image import Image
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
        self._history = history
        self._rebuilt = tuple(rebuilt)
        self._met: dict[tuple[int, State], LineageSurvey] = {}

    def walk(
        self, start: Start, image: Image, schemas: dict[int, Schema] | None = None
    ) -> LineageSurvey:
        """Walk a database to latest; ``schemas``, where given, gets the schema at each version."""
        history, digest = self._history, row_digester(self._history, rebuilt=self._rebuilt)
        rows: dict[int, str] = {}
        states: list[tuple[int, State]] = []
        limits, failure = history.step_limits(start), None
        try:
            for step in walk(history.application.source, image, limits=limits):
                if step.before is not None:
                    rows[step.version] = digest(step)
                    if schemas is not None:
                        self._add_schema(step, schemas)
                if history.rules.share and step.state is not None:
                    states.append((step.version, step.state))
                    other = None if schemas is not None else self._met.get(states[-1])
                    # What made a step meet a limit is told of each lineage.
                    if other is not None and not limits.met:
                        later = {
                            one: told for one, told in other.rows.items() if one > step.version
                        }
                        rows, failure = {**rows, **later}, other.failure
                        break
        except StepFailedError as error:
            failure = error
        found = LineageSurvey(rows, failure)
        for state in states:
            self._met.setdefault(state, found)
        return found

    def _add_schema(self, step: Step, schemas: dict[int, Schema]) -> None:
        last = next(reversed(self.fresh_texts), None)
        self.fresh_texts[step.version] = step.text
        if last is not None and step.text == self.fresh_texts[last]:
            schemas[step.version] = schemas[last]
            return
        # Not from the step's own connection, on which the runner may have set what nobody else has.
        with closing(step.after.connect()) as conn:
            schemas[step.version] = read_schema(conn)
