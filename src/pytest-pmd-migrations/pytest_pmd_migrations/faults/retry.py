"""Upgrade what a fault left once more, as a user does who starts the program anew."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

from pytest_pmd_migrations.connections.connection import ApplicationConnection, connect_file
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_process import CAN_FORK, child_doing
from pytest_pmd_migrations.faults.values import NEVER_BACK
from pytest_pmd_migrations.faults.watching.outside_watch import OutsideWatch
from pytest_pmd_migrations.messages.wording import error_text
from pytest_pmd_migrations.sources.abilities import can_be_killed
from pytest_pmd_migrations.sources.run import upgrade_at
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step

__all__ = ["open_left", "try_again"]


def try_again(case: Case, path: Path, patience: float) -> str:
    """Bring the database at ``path`` to the new version; return how that failed, if it did.

    A child does it, within ``patience`` seconds: it has all that the application keeps in memory
    at its start. This process must never have been struck.
    """
    if can_be_killed(case.source):
        return _in_other_process(case, path, patience)
    if not CAN_FORK:
        return _upgrade(case, path)
    with child_doing(lambda tell: tell("tried", _upgrade(case, path))) as child:
        word, failed = child.read(patience)
    if word == "late":
        return NEVER_BACK
    return str(failed) if word == "tried" else "ends the process"


def _in_other_process(case: Case, path: Path, patience: float) -> str:
    watch = OutsideWatch(path, seconds=patience)
    finished = case.run_outside(path, watch)
    if finished is None:
        return NEVER_BACK
    return f"raises {finished.raised}" if finished.raised else ""


def open_left(case: Case, path: Path) -> ApplicationConnection:
    """Open what a fault left, prepared as the application does it; the caller closes it."""
    return connect_file(path, case.before.preparation, pragma="synchronous = OFF")


def _upgrade(case: Case, path: Path) -> str:
    """Bring the database to the new version; return in words how that failed, if it did."""
    begin_step(case.to)
    try:
        with ExitStack() as opened:
            upgrade_at(
                case.source,
                path,
                case.to,
                connect=lambda: opened.enter_context(closing(open_left(case, path))),
            )
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return "raises " + " ".join(error_text(error).split())
    return ""
