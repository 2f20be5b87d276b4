"""Tell a run to GitHub Actions, where it runs there: the job's summary, and its annotations."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.report.fold import Folded
from pytest_pmd_migrations.report.github.annotations import workflow_commands
from pytest_pmd_migrations.report.github.summary import MOST, Picture, summary_markdown
from pytest_pmd_migrations.report.outcome import DIED, Outcome
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.schema.showing.picture import draws, picture_lines

__all__ = ["EndedRun", "annotation_lines", "write_summary"]

_ANNOTATES_TOO = "pytest_github_actions_annotate_failures"
"""The plugin that turns each failed report into an annotation, those of cells too."""


@dataclass(frozen=True)
class EndedRun:
    """What there is to tell of a run at its end; ``closing`` is the line that counts the cells."""

    histories: Sequence[History]
    plans: Sequence[Plan]
    outcomes: Sequence[Outcome]
    folded: Mapping[str, Folded]
    closing: str


def write_summary(run: EndedRun, file: str) -> str:
    """Append the run to the summary of the job; return what to say where that fails, else nothing.

    Whatever is in the file stays, and counts: GitHub refuses a larger file as a whole.
    """
    path = Path(file)
    try:
        taken = path.stat().st_size if path.exists() else 0
        if path.exists() and not path.is_file():
            return _unwritten(file, "it is no file")
        with redirect_stdout(io.StringIO()):
            pictures = {one.application.name: _picture(one, run) for one in run.histories}
        text = summary_markdown(
            run.closing, run.plans, run.outcomes, run.folded, pictures, size=MOST - taken
        )
        with path.open("a", encoding="utf-8", errors="backslashreplace") as summary:
            summary.write(text)
    except OSError as error:
        return _unwritten(file, error.strerror or str(error))
    return ""


def annotation_lines(run: EndedRun, config: pytest.Config, *, has_summary: bool) -> Iterator[str]:
    """Yield a workflow command for each cause, as many as GitHub shows.

    The last one leads to the summary of the job, if the run ``has_summary``, else to the log. There
    is none where another plugin annotates every failed report, since those of cells have the
    migration's file and line already.
    """
    if config.pluginmanager.hasplugin(_ANNOTATES_TOO):
        return
    root = os.environ.get("GITHUB_WORKSPACE") or str(config.rootpath)
    rest = "the summary of this job" if has_summary else "the log of this step"
    yield from workflow_commands(
        run.plans, run.outcomes, run.folded, repository=Path(root), rest=rest
    )


def _unwritten(file: str, why: str) -> str:
    return printable_line(f"warning: no summary for GitHub: {file}: {why} (GITHUB_STEP_SUMMARY)")


def _picture(history: History, run: EndedRun) -> Picture:
    """Return the picture of the newest version's tables, or why there is none."""
    application = history.application
    title = f"Tables of {application.title(application.latest)}"
    if application.name:
        title = f"{application.name}: {title}"
    if any(outcome.status == DIED for outcome in run.outcomes):
        # What killed a worker would kill this process, too.
        return Picture(title, why_not="not drawn, since a worker was killed")
    try:
        lines = picture_lines(history.fresh_schema(application.latest))
    except MigrationTestError:
        return Picture(title, why_not="no fresh database of it can be built")
    if not draws(lines):
        return Picture(title, why_not="too many for a diagram")
    return Picture(title, tuple(lines))
