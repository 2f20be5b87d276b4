"""The check ``forecast``: a step that would take too long in a large database fails before release.

Prevents the accident of a migration that passes every test on small databases and holds those of
users for hours. Asked where ``migration_budget`` says how long a step may take, of the unreleased
migrations, or of the newest one where all are released: others are history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from pytest_pmd_migrations.application.budget import Budget
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Check, Finding, LineageRecord, Note, Row, Verdict
from pytest_pmd_migrations.errors import FillingError, SettingError, StepFailedError
from pytest_pmd_migrations.faults.child_process import CAN_FORK
from pytest_pmd_migrations.messages.wording import headline, wrap_text

if TYPE_CHECKING:
    from pytest_pmd_migrations.forecast.step_forecast import StepForecast

__all__ = ["FORECAST"]

_EFFORT = 0.5


def _judge(history: History, row: Row, _lineages: Sequence[LineageRecord[None]]) -> Verdict:
    # Imported where somebody asks for it: few runs have a budget.
    from pytest_pmd_migrations.forecast.asked_size import versions_to_forecast

    budget = history.rules.budget
    if budget is None or row.version not in versions_to_forecast(history, ()):
        return Verdict(unasked=Note(row, "forecast: it is released, and others come after it"))
    if not CAN_FORK:
        return Verdict(unasked=Note(row, "forecast: this system cannot fork a process"))
    try:
        return _judge_step(history, row, budget)
    except (FillingError, SettingError) as error:
        return Verdict(unasked=Note(row, f"forecast: {error}"))
    except StepFailedError as error:
        name = history.application.step_name(row.version)
        lines = (*wrap_text(str(error)), "", "Mend the step.", *_command(row, budget))
        what = headline(f"{name} fails on a large database")
        return Verdict((Finding(what, lines, row.version),))


def _judge_step(history: History, row: Row, budget: Budget) -> Verdict:
    from pytest_pmd_migrations.forecast.as_report import step_report
    from pytest_pmd_migrations.forecast.asked_size import AskedSize, targets_of
    from pytest_pmd_migrations.forecast.filled_file import settings_of_new
    from pytest_pmd_migrations.forecast.measuring_folder import measuring_folder, room_in
    from pytest_pmd_migrations.forecast.step_forecast import Effort, StepMeasuring
    from pytest_pmd_migrations.forecast.told import seconds_text, too_few_sizes

    with measuring_folder() as folder:
        settings = settings_of_new(history.application, folder)
        asked = AskedSize(budget.rows, budget.file_size)
        targets = targets_of(history, row.version, asked, folder, settings)
        effort = Effort(_EFFORT, room=room_in(folder).usable)
        measuring = StepMeasuring(
            history, row.version, targets, folder, settings=settings, effort=effort
        )
        for _ in measuring.run():
            pass
    found = measuring.forecast()
    seconds = found.estimates.get("seconds")
    if seconds is None:
        why = "; ".join(found.notes) or too_few_sizes(found)
        return Verdict(unasked=Note(row, f"forecast: {why}"))
    measured = asdict(step_report(history.application, found))
    if seconds.value <= budget.seconds:
        said = f"forecast: {seconds_text(seconds.value)}, up to {seconds_text(seconds.high)}"
        notes = (Note(row, f"forecast: {note}") for note in found.notes)
        return Verdict(remarks=(Note(row, said), *notes), forecast=measured)
    name = history.application.step_name(row.version)
    what = headline(f"{name} takes {seconds_text(seconds.value)}, over its budget")
    finding = Finding(what, _told(history, row, budget, found), row.version)
    return Verdict((finding,), forecast=measured)


def _told(history: History, row: Row, budget: Budget, found: StepForecast) -> tuple[str, ...]:
    """Return the lines on a step over its budget: what it takes, then what helps."""
    from pytest_pmd_migrations.forecast.told import tell_expected, tell_measured, tell_traits

    return (
        f'migration_budget = "{budget.text}"',
        "",
        *tell_expected(history.application, found),
        *tell_measured(found),
        "",
        "Make the step faster, or the budget larger" + (":" if found.traits else "."),
        *tell_traits(found),
        "",
        *_command(row, budget),
    )


def _command(row: Row, budget: Budget) -> Iterator[str]:
    size = f"--rows {budget.rows}" if budget.rows else f"--size {budget.file_size}B"
    yield f"measure it again: pmd-migrations forecast {row.version} {size}"


FORECAST = Check(
    "forecast",
    "migration",
    None,
    _judge,
    applies=lambda history: history.rules.budget is not None,
)
