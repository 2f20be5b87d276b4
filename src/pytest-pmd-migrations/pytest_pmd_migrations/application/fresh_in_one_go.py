"""Build a new database as a user gets it: by one call of the runner, in the runner's own order."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.schema import Schema, read_schema

__all__ = ["schema_in_one_go"]


def schema_in_one_go(application: Application, limits: StepLimits) -> Schema:
    """Return the schema of an empty database that the runner brought to latest by one call.

    Raises StepFailedError where it does not arrive there.
    """
    with closing(application.empty.connect()) as conn:
        take_step(application.source, conn, application.latest, limits=limits)
        return read_schema(conn)
