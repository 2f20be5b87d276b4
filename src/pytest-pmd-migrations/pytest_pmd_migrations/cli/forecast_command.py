"""The arguments and options of the command ``forecast``; what it needs is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pytest_pmd_migrations.cli.clean_errors import clean_errors
from pytest_pmd_migrations.cli.source_option import source_option

__all__ = ["forecast"]


@click.command()
@click.argument("versions", nargs=-1, type=click.IntRange(1), metavar="[VERSION]...")
@click.option("--rows", type=click.IntRange(1), help="Rows of each table (default 1000000)")
@click.option(
    "--like",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Rows, sizes of values, page size and journal mode of this database, which is only read",
)
@click.option("--size", default="", metavar="SIZE", help="A file of this size, such as 10GB")
@click.option(
    "--journal-mode",
    type=click.Choice(["delete", "wal"]),
    help="That of the databases (default: that of a new one)",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=2.0,
    help="Go on to larger sizes until one upgrade takes this long (default 2)",
)
@click.option("--most-rows", type=click.IntRange(8), default=None, help="Measure no larger sizes")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Measure on the disk of this folder",
)
@click.option("--yes", is_flag=True, help="Measure with the room there is, without asking")
@click.option("--json", "as_json", is_flag=True, help="Print JSON")
@source_option
def forecast(*, versions: tuple[int, ...], source: str, **options: Any) -> None:  # noqa: ANN401 - as ForecastOptions has them
    """Say how long the steps to VERSION (default: unreleased) take in a large database."""
    from pytest_pmd_migrations.cli.project import choose_histories
    from pytest_pmd_migrations.cli.run_forecast import ForecastOptions, run_forecast

    options["most_rows"] = options["most_rows"] or 0
    options["journal_mode"] = options["journal_mode"] or ""
    with clean_errors():
        (history,) = choose_histories(source, only_one=True)
    with clean_errors(quiet=False):
        run_forecast(history, versions, ForecastOptions(**options))
