"""The command ``forecast``: what a step takes in a database of some size, before anybody waits."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import click

from pytest_pmd_migrations.application.budget import parse_size
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.output import say
from pytest_pmd_migrations.cli.project import UnusableError
from pytest_pmd_migrations.errors import FillingError, SettingError, StepFailedError
from pytest_pmd_migrations.faults.child_process import CAN_FORK
from pytest_pmd_migrations.forecast.as_report import forecast_report
from pytest_pmd_migrations.forecast.asked_size import (
    AskedSize,
    file_settings,
    targets_of,
    versions_to_forecast,
)
from pytest_pmd_migrations.forecast.filled_file import settings_of_new
from pytest_pmd_migrations.forecast.measuring_folder import measuring_folder, room_in
from pytest_pmd_migrations.forecast.row_targets import read_like
from pytest_pmd_migrations.forecast.step_forecast import Effort, StepForecast, StepMeasuring
from pytest_pmd_migrations.forecast.told import bytes_text, tell_step
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.run_report.forecast_file import written_forecast

__all__ = ["ForecastOptions", "run_forecast"]

_INTERRUPTED = 130
_ROWS = 1_000_000
_BAR = 24


@dataclass(frozen=True)
class ForecastOptions:
    """The options of the command as they were typed."""

    rows: int | None = None
    like: Path | None = None
    size: str = ""
    journal_mode: str = ""
    seconds: float = 2.0
    most_rows: int = 0
    folder: Path | None = None
    yes: bool = False
    as_json: bool = False


def run_forecast(history: History, asked: Sequence[int], options: ForecastOptions) -> None:
    """Forecast the steps to the ``asked`` versions, and print what they take.

    Raises UnusableError where an option cannot be used, or where there is no room and nobody says
    that it may go on; click's Exit with 130 where it was interrupted, after what it has is printed.
    """
    if not CAN_FORK:
        raise UnusableError("forecast needs a system that can fork a process, such as Linux")
    found = _Found()
    with ExitStack() as folders:
        try:
            versions = versions_to_forecast(history, asked)
            size = _asked_size(history, options)
            folder = folders.enter_context(measuring_folder(options.folder))
        except SettingError as error:
            raise UnusableError(str(error)) from error
        effort = Effort(options.seconds, options.most_rows, _usable_room(folder, options))
        try:
            # What the application prints is no part of the answer.
            with redirect_stdout(sys.stderr):
                for version in versions:
                    try:
                        _measure(history, version, size, options, effort, folder, found.steps)
                    except (FillingError, StepFailedError) as error:
                        found.add_failure(error)
        except KeyboardInterrupt:
            found.interrupted = True
    _tell(history, found, options)
    if found.failures:
        raise click.ClickException("\n".join(found.failures))
    if found.interrupted:
        raise click.exceptions.Exit(_INTERRUPTED)


@dataclass
class _Found:
    """What was measured, why steps could not be, and whether somebody stopped it."""

    steps: list[StepForecast] = field(default_factory=list)
    failures: dict[str, None] = field(default_factory=dict)
    interrupted: bool = False

    def add_failure(self, error: FillingError | StepFailedError) -> None:
        """Keep why a step cannot be measured, once: what others take can be told all the same."""
        lines = error.lines if isinstance(error, StepFailedError) else ()
        self.failures["\n".join((str(error), *lines))] = None

    @property
    def told(self) -> list[StepForecast]:
        """The steps of which there is something to tell."""
        return [step for step in self.steps if step.sizes or step.notes]


def _measure(
    history: History,
    version: int,
    size: AskedSize,
    options: ForecastOptions,
    effort: Effort,
    folder: Path,
    steps: list[StepForecast],
) -> None:
    """Measure one step, and add its forecast to ``steps``, also where that is interrupted."""
    application = history.application
    like = size.like
    settings = file_settings(settings_of_new(application, folder), like, options.journal_mode)
    try:
        targets = targets_of(history, version, size, folder, settings)
    except SettingError as error:
        raise UnusableError(str(error)) from error
    measuring = StepMeasuring(history, version, targets, folder, settings=settings, effort=effort)
    progress = _Progress(application.title(version), measuring.expected_sizes)
    try:
        for found in measuring.run():
            progress.show(found.rows)
    finally:
        progress.end()
        for left in folder.iterdir():
            # The next step is measured in the same folder.
            left.unlink()
        steps.append(measuring.forecast())


def _asked_size(history: History, options: ForecastOptions) -> AskedSize:
    given = [name for name in ("rows", "size") if getattr(options, name)]
    if len(given) > 1:
        raise SettingError("--rows and --size both say how large; expected one of them")
    ignore = history.rules.unfilled_patterns
    like = read_like(options.like, ignore) if options.like is not None else None
    file_size = parse_size(options.size) if options.size else 0
    rows = options.rows or (0 if like is not None or file_size else _ROWS)
    return AskedSize(rows, file_size, like)


def _usable_room(folder: Path, options: ForecastOptions) -> int:
    """Return how many bytes the files may take; asks where that is little.

    Raises UnusableError where nobody is there to be asked, or says no.
    """
    room, shown = room_in(folder), shown_path(folder.parent)
    if room.in_memory and options.folder is None:
        _tell_aside(f"note: {shown} is in memory: no disk is measured. Name one: --folder DIR")
    if room.is_enough or options.yes:
        return room.usable
    needs = (
        f"it needs up to {bytes_text(room.wanted)} in {shown}, which has {bytes_text(room.free)}"
        " free"
    )
    if not sys.stdin.isatty():
        raise UnusableError(f"{needs}. Name another folder (--folder), or measure less (--yes)")
    if not click.confirm(f"{needs}. Measure smaller files with what there is?", err=True):
        raise UnusableError("nothing was measured")
    return room.usable


def _tell(history: History, found: _Found, options: ForecastOptions) -> None:
    application = history.application
    if options.as_json:
        complete = not found.interrupted and not found.failures
        say(written_forecast(forecast_report(application, found.steps, complete=complete)))
        return
    for number, step in enumerate(found.told):
        if number:
            say("")
        for line in tell_step(application, step):
            say(printable_line(line))
    if found.interrupted:
        until = "this is what was measured until then" if found.told else "nothing was measured yet"
        say(f"interrupted: {until}")


def _tell_aside(text: str) -> None:
    click.echo(printable_line(text), err=True)


class _Progress:
    """A bar on the standard error, where that is a terminal: which size of how many is done."""

    def __init__(self, title: str, sizes: int) -> None:
        self._title, self._sizes, self._done = title, max(sizes, 1), 0
        self._on = sys.stderr.isatty()
        self._write(f"{title}  filling")

    def show(self, rows: int) -> None:
        """Say that one more size was measured."""
        self._done += 1
        full = min(_BAR, round(_BAR * self._done / self._sizes))
        bar = "#" * full + "-" * (_BAR - full)
        self._write(f"{self._title}  [{bar}] {rows:,} rows measured")

    def end(self) -> None:
        """Take the bar away."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._on:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r{printable_line(text)[:width]:<{width}}\r")
            sys.stderr.flush()
