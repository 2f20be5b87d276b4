"""Run an Alembic environment on one file: its env.py, unchanged, with all loaded once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, chdir, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.sources.alembic.databases import Database
from pytest_pmd_migrations.sources.alembic.kept_listeners import kept_listeners
from pytest_pmd_migrations.sources.alembic.kept_logging import kept_logging
from pytest_pmd_migrations.sources.alembic.redirect import redirected, refuse_missing_driver
from pytest_pmd_migrations.sources.alembic.tool import Tool

__all__ = ["Environment", "application_code"]

Steps = Callable[[Any, Any], Iterable[Any]]
"""Called with the heads of a database and its MigrationContext; returns Alembic's steps."""

_UNSAID = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


@dataclass(frozen=True)
class Environment:
    """What Alembic's command builds anew for each call, built once.

    ``folder`` is where Alembic is called; ``context`` is entered around the application's code,
    such as a Flask application's.
    """

    tool: Tool
    config: Any
    scripts: Any
    folder: Path
    context: Callable[[], AbstractContextManager[object]] = field(default=nullcontext)

    def run(self, database: Database, target: tuple[str, ...] | str, steps: Steps) -> None:
        """Run env.py on a database; ``steps`` says what it then migrates.

        ``target`` is what env.py is told that it upgrades or downgrades to. Raises what env.py
        raises, of SQLAlchemy's errors the driver's own; RuntimeError where it migrates nothing.
        """
        asked: list[bool] = []

        def answer(heads: Any, context: Any) -> Iterable[Any]:  # noqa: ANN401 - Alembic's
            asked.append(True)
            return steps(heads, context)

        with ExitStack() as stack:
            stack.enter_context(application_code(self.tool, self.folder, database))
            stack.enter_context(self.context())
            stack.enter_context(kept_listeners(self.tool, Path(self.scripts.env_py_location)))
            stack.enter_context(
                self.tool.environment(
                    self.config, self.scripts, fn=answer, destination_rev=target or None
                )
            )
            self.scripts.run_env()
        if not asked:
            raise RuntimeError(
                "env.py migrated nothing; expected that it calls context.run_migrations()"
            )

    def upgrade(self, database: Database, target: tuple[str, ...]) -> None:
        """Upgrade a database to the heads ``target``, as ``alembic upgrade`` does."""
        self.run(database, target, lambda heads, _context: self.steps(target, heads))

    def downgrade(self, database: Database, revision: str) -> None:
        """Take one revision back, as ``alembic downgrade REVISION@PARENT`` does.

        By one of its parents alone, a sibling branch that the database has would go as well. The
        revision must be a head of the database.
        """
        parents = self.scripts.get_revisions(self.scripts.get_revision(revision).down_revision)
        target = f"{revision}@{parents[0].revision if parents else 'base'}"
        # As command.downgrade does.
        self.run(database, target, lambda heads, _: self.scripts._downgrade_revs(target, heads))

    def steps(self, target: tuple[str, ...], heads: object) -> Iterable[Any]:
        """Return Alembic's own steps from some heads to others, in the order it applies them."""
        # As command.upgrade does, which would load every revision anew for each call.
        return list(self.scripts._upgrade_revs(target, heads))


@contextmanager
def application_code(tool: Tool, folder: Path, database: Database) -> Iterator[None]:
    """Let the application's code run in the block as if Alembic's command had called it.

    In the folder where the command is called, every connection leads to ``database``, and nothing
    of logging and warnings is left changed. Of an error of SQLAlchemy, the driver's own is raised.
    """
    with ExitStack() as stack:
        if Path.cwd() != folder:
            stack.enter_context(chdir(folder))
        stack.enter_context(kept_logging())
        stack.enter_context(_ordinary_warnings())
        stack.enter_context(redirected(tool, database))
        try:
            yield
        except ModuleNotFoundError as error:
            refuse_missing_driver(error)
            raise
        except Exception as error:
            original = getattr(error, "orig", None)
            if not isinstance(original, BaseException):
                raise
            # It is the cause of the error that it comes from now.
            error.__cause__ = error.__context__ = None
            raise original.with_traceback(error.__traceback__) from None


@contextmanager
def _ordinary_warnings() -> Iterator[None]:
    """Warn as a process of its own does: where pytest makes warnings errors, a step is no worse."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for category in _UNSAID:
            warnings.simplefilter("ignore", category)
        yield
