"""Forecast one step: fill, upgrade, measure at growing sizes, then fit a curve to each measure."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.forecast.curve import Estimate
from pytest_pmd_migrations.forecast.estimates import estimates_at
from pytest_pmd_migrations.forecast.filled_file import (
    FileSettings,
    copied_file,
    fill_file,
    start_image,
    start_name,
)
from pytest_pmd_migrations.forecast.measured_size import MeasuredSize
from pytest_pmd_migrations.forecast.measured_upgrade import Measured, measure_upgrade
from pytest_pmd_migrations.forecast.multiply_rows import FilledTables
from pytest_pmd_migrations.forecast.row_targets import RowTargets
from pytest_pmd_migrations.forecast.traits import Trait, beyond_linear, find_traits
from pytest_pmd_migrations.image import Image

__all__ = ["FEWEST_SIZES", "Effort", "StepForecast", "StepMeasuring"]

_FIRST = 1_000
_FACTOR = 2
FEWEST_SIZES = 4
_FITTED = 6
_FILLING = 3
_COPIES = 4
"""How often a database lies on the disk: filled, copied, in its log and in files of SQLite."""
_SEVERAL_RUNS = 5
_FEW_RUNS = 3
_LONG = 0.5
_LITERAL = re.compile(r"'((?:[^'\n]|'')*)'|\"([^\"\n]*)\"")


@dataclass(frozen=True)
class Effort:
    """How far measuring goes: up to a size whose upgrade takes ``seconds``, or has ``most_rows``.

    ``room`` are the bytes that its files may take.
    """

    seconds: float = 2.0
    most_rows: int = 0
    room: int = 0


@dataclass(frozen=True)
class StepForecast:
    """What a step takes at the asked size, as far as it could be measured.

    ``estimates`` are those of ``seconds``, ``computing``, ``locked``, ``log``, ``temporary``,
    ``growth``, ``memory`` and ``file``; ``grows`` says how its computing grows with the rows. Both
    are empty where too few sizes were measured.
    """

    version: int
    rows: int
    journal_mode: str
    sizes: tuple[MeasuredSize, ...] = ()
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    grows: str = ""
    traits: tuple[Trait, ...] = ()
    notes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class StepMeasuring:
    """Measures one step; what it has so far can be asked for at any time."""

    def __init__(
        self,
        history: History,
        version: int,
        targets: RowTargets,
        folder: Path,
        *,
        settings: FileSettings,
        effort: Effort,
    ) -> None:
        self._history, self._version, self._folder = history, version, folder
        self._targets, self._settings, self._effort = targets, settings, effort
        self._sizes: list[MeasuredSize] = []
        self._notes: dict[str, None] = {}
        self._traits: tuple[Trait, ...] = ()

    @property
    def expected_sizes(self) -> int:
        """How many sizes there are at most."""
        return len(list(self._rows()))

    def run(self) -> Iterator[MeasuredSize]:
        """Yield each size as it was measured, the smallest first.

        Raises StepFailedError where the step fails, FillingError where it cannot be filled.
        """
        image = start_image(self._history, self._version)
        if not image.size:
            self._notes["it begins with an empty database: there is nothing to fill"] = None
            return
        path = self._folder / "filled.db"
        for rows in self._rows():
            began = time.monotonic()
            filled = self._fill(image, path, rows)
            filling = time.monotonic() - began
            if not self._sizes:
                self._traits = self._find_traits(image, path, filled)
            if self._sizes and filled.most <= self._sizes[-1].rows:
                # No table can have more rows.
                return
            found = MeasuredSize(filled.most, filled.counts, self._runs(path, filled.most))
            path.unlink()
            self._sizes.append(found)
            yield found
            if self._is_enough(found, filling):
                return

    def forecast(self) -> StepForecast:
        """Return what the sizes say that were measured so far."""
        rows, sizes = self._targets.rows, self._sizes
        estimates: dict[str, Estimate] = {}
        grows, traits = "", self._traits
        if len(sizes) >= FEWEST_SIZES:
            fitted = sizes[-_FITTED:]
            kinds = frozenset(trait.kind for trait in traits)
            estimates, computing = estimates_at(rows, fitted, kinds)
            grows = computing.growth
            if grows == "n squared":
                traits = (*traits, beyond_linear(grows))
        return StepForecast(
            self._version,
            rows,
            self._settings.journal_mode,
            tuple(sizes),
            estimates,
            grows,
            traits,
            tuple(self._notes),
            {name: self._targets.of(name, rows) for name in (sizes[-1].counts if sizes else ())},
        )

    def _fill(self, image: Image, path: Path, rows: int) -> FilledTables:
        filled = fill_file(
            self._history,
            image,
            path,
            self._targets,
            rows,
            settings=self._settings,
            kept=self._mentioned_texts,
        )
        self._notes |= dict.fromkeys(filled.notes)
        return filled

    def _find_traits(self, image: Image, path: Path, filled: FilledTables) -> tuple[Trait, ...]:
        half = self._folder / "half.db"
        fewer = self._fill(image, half, filled.most // 2)
        try:
            return find_traits(
                self._history.application,
                self._version,
                large=(path, filled.most),
                small=(half, fewer.most),
            )
        finally:
            half.unlink()

    def _rows(self) -> Iterator[int]:
        """Yield the sizes to try: at least three below the asked one."""
        asked = self._targets.rows
        most = min(self._effort.most_rows or asked, asked)
        rows = max(1, min(_FIRST, most // _FACTOR**FEWEST_SIZES))
        while rows < most:
            yield rows
            rows *= _FACTOR
        yield most if self._effort.most_rows else max(asked // 2, 1)

    def _runs(self, path: Path, rows: int) -> tuple[Measured, ...]:
        application, version = self._history.application, self._version
        filled = f"{rows:,} rows copied from {start_name(self._history, version)}"
        runs: list[Measured] = []
        wanted = _SEVERAL_RUNS
        while len(runs) < wanted:
            with copied_file(path) as copy:
                runs.append(measure_upgrade(application, copy, version, filled=filled))
            if runs[-1].seconds > _LONG:
                wanted = _FEW_RUNS
        return tuple(runs)

    def _is_enough(self, found: MeasuredSize, filling: float) -> bool:
        """Return whether a larger size would take too long, or more room than there is."""
        effort = self._effort
        seconds = max(found.middle(lambda one: one.seconds), filling / _FILLING)
        if effort.room and found.file * _FACTOR * _COPIES > effort.room:
            self._notes["no larger size was measured: the disk has no room for it"] = None
            return True
        return len(self._sizes) >= FEWEST_SIZES and seconds >= effort.seconds

    @cached_property
    def _mentioned_texts(self) -> frozenset[str]:
        """Return the texts in quotes that the migration's own text mentions."""
        try:
            text = self._history.application.text(self._version).decode(errors="replace")
        except SourceError:
            return frozenset()
        found = (one[1] or one[2] or "" for one in _LITERAL.finditer(text))
        return frozenset(one.replace("''", "'") for one in found if one)
