"""Write a run as Markdown: grids, each cause once, and a picture of the newest tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.report.fold import Folded, ToldFinding
from pytest_pmd_migrations.report.github.markdown import as_text, code, fenced, joined_within, table
from pytest_pmd_migrations.report.grid_layout import Grid, grid_rows
from pytest_pmd_migrations.report.notes import note_lines
from pytest_pmd_migrations.report.outcome import BAD, Outcome
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.report.planned_grids import planned_grids
from pytest_pmd_migrations.report.terminal import told_notes

__all__ = ["MOST", "Picture", "summary_markdown"]

MOST = 2**20
"""Bytes that GitHub accepts for the summary of one step; of a larger one it shows nothing."""

_LEFT_OUT = "The rest has no room here: see the log of the step."


@dataclass(frozen=True)
class Picture:
    """The tables of an application's newest version: a diagram's lines, or why there are none."""

    title: str
    lines: tuple[str, ...] = ()
    why_not: str = ""


def summary_markdown(
    closing: str,
    plans: Sequence[Plan],
    outcomes: Sequence[Outcome],
    folded: Mapping[str, Folded],
    pictures: Mapping[str, Picture],
    *,
    size: int = MOST,
) -> str:
    """Return the run as Markdown of at most ``size`` bytes, what matters most first.

    ``closing`` is the line that counts the cells; ``folded`` and ``pictures`` are by the name of
    the application. What does not fit is left out from the end, and that is said.
    """
    blocks = [
        "## Migration matrix",
        as_text(closing),
        *_all_grids(plans, outcomes, folded),
        *_all_causes(plans, outcomes, folded),
        *_all_notes(plans, outcomes),
        *(_picture(pictures[plan.application.name]) for plan in plans),
    ]
    return joined_within(blocks, size, _LEFT_OUT)


def _all_grids(
    plans: Sequence[Plan], outcomes: Sequence[Outcome], folded: Mapping[str, Folded]
) -> Iterator[str]:
    for plan in plans:
        name = plan.application.name
        if len(plans) > 1:
            yield f"### {as_text(name)}"
        for grid in planned_grids(plan, plan.in_order(outcomes), folded[name]):
            yield _grid(grid)


def _grid(grid: Grid) -> str:
    rows = [["", *map(as_text, grid.checks), ""]]
    rows[0][0] = grid.name
    for row in grid_rows(grid, folded=True):
        words = [f"**{word}**" if word in BAD else word for word in row.words]
        rows.append([code(row.title), *words, as_text(row.remark)])
    return table(rows)


def _all_causes(
    plans: Sequence[Plan], outcomes: Sequence[Outcome], folded: Mapping[str, Folded]
) -> Iterator[str]:
    for plan in plans:
        own = folded[plan.application.name]
        for told in own.told:
            yield "\n\n".join(_cause(plan, told))
        for outcome in plan.in_order(outcomes):
            if outcome.status in BAD and not outcome.findings:
                cell = code(outcome.cell.id(plan.application.latest))
                yield f"### {cell} {outcome.status}\n\nIts story is in the log of the step."


def _cause(plan: Plan, told: ToldFinding) -> Iterator[str]:
    untold = ", which no cell that was run tells" if told.told_by is None else ""
    yield f"### {as_text(f'{told.finding.headline}{untold}')}"
    lines = _trimmed(told.lines)
    if lines:
        yield fenced(lines, "text")
    latest = plan.application.latest
    if told.told_by is not None:
        yield fenced([f'pytest --migration-matrix "{told.told_by.id(latest)}"'], "sh")
    if len(told.cells) > 1:
        ids = "\n".join(f"- {code(cell.id(latest))}" for cell in told.cells)
        seen = f"Seen by {counted(len(told.cells), 'cell')}"
        yield f"<details><summary>{seen}</summary>\n\n{ids}\n\n</details>"


def _trimmed(lines: Iterable[str]) -> list[str]:
    """Return lines without the empty ones at both ends."""
    return "\n".join(lines).strip("\n").splitlines()


def _all_notes(plans: Sequence[Plan], outcomes: Sequence[Outcome]) -> Iterator[str]:
    for plan in plans:
        lines = [*note_lines(told_notes(plan, plan.in_order(outcomes), verbose=False))]
        if lines:
            yield fenced(lines, "text")


def _picture(picture: Picture) -> str:
    if picture.why_not:
        return f"{as_text(picture.title)}: {as_text(picture.why_not)}"
    drawn = fenced(picture.lines, "mermaid")
    return f"<details><summary>{as_text(picture.title)}</summary>\n\n{drawn}\n\n</details>"
