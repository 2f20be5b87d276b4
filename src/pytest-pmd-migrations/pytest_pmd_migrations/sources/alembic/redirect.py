"""Send every connection that SQLAlchemy opens to one database, whatever its URL says.

An environment may take its URL from anywhere, and the engine may be the application's own, with
connections in its pool. So it is the connecting itself that is caught, and a pooled connection to
another one is thrown away as it is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.alembic.databases import Database
from pytest_pmd_migrations.sources.alembic.tool import Tool

__all__ = ["redirected", "refuse_missing_driver"]

_DATABASE = "pytest_pmd_migrations.database"
_DRIVERS = ("pysqlite", "pysqlite_numeric", "aiosqlite")
_IMPORTS_DRIVER = ("import_dbapi", "dbapi")
"""The methods of a dialect that do, in SQLAlchemy 2 and 1.4."""
_ONLY_SQLITE = "expected SQLite, by the driver pysqlite or aiosqlite; nothing was connected"


def refuse_missing_driver(error: ModuleNotFoundError) -> None:
    """Raise SourceError where SQLAlchemy lacks the driver of another database than SQLite.

    It imports the driver that a URL names before it connects.
    """
    for frame, _line in walk_tb(error.__traceback__):
        dialect = frame.f_locals.get("cls") if frame.f_code.co_name in _IMPORTS_DRIVER else None
        name = getattr(dialect, "name", "sqlite")
        if name != "sqlite":
            raise SourceError(
                f"env.py connects to {name} by {error.name}, which is not installed; {_ONLY_SQLITE}"
            ) from error


class _Redirect:
    """The listeners of one run on one database; ``records`` are the connections it opened.

    ``named`` are the databases that the URLs name.
    """

    def __init__(self, tool: Tool, database: Database) -> None:
        self.tool = tool
        self.database = database
        self.records: list[Any] = []
        self.named: set[str] = set()

    def connecting(
        self,
        dialect: Any,  # noqa: ANN401 - SQLAlchemy's
        record: Any,  # noqa: ANN401 - SQLAlchemy's
        arguments: list[Any],
        named: dict[str, Any],
    ) -> object | None:
        """Connect to the database in the place of what the URL names; refuse what is not SQLite."""
        if dialect.name != "sqlite" or dialect.driver not in _DRIVERS:
            raise SourceError(
                f"env.py connects to {dialect.name} by {dialect.driver}; {_ONLY_SQLITE}"
            )
        url = str(arguments[0] if arguments else named.pop("database", ""))
        self.named.add(url)
        if len(self.named) > 1:
            raise SourceError(
                f"env.py opens more than one database: {', '.join(sorted(self.named))}; expected"
                " one. Name an env.py that migrates one of them"
            )
        record.info[_DATABASE] = self.database
        self.records.append(record)
        return self.database.connect(dialect.driver, arguments, named)

    def connected(self, _connection: object, record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        """Refuse a connection that was opened by the application's own function."""
        if record.info.get(_DATABASE) is not self.database:
            raise SourceError(
                "env.py has an engine that opens its connections by a function of its own"
                " (create_engine(creator=...)), which would lead to the real database; expected"
                " an engine with a URL"
            )

    def taken(self, _connection: object, record: Any, _taker: object) -> None:  # noqa: ANN401
        """Throw a pooled connection away that leads to another database."""
        if record.info.get(_DATABASE) is not self.database:
            raise self.tool.disconnection("it leads to another database than this run's")

    def close(self) -> None:
        """Close what is left open, in pools or forgotten: the file is about to be moved."""
        for record in self.records:
            record.invalidate()


@contextmanager
def redirected(tool: Tool, database: Database) -> Iterator[None]:
    """Let every connection of SQLAlchemy that is opened in the block lead to ``database``.

    Raises SourceError, inside the block, where a connection would lead elsewhere.
    """
    redirect = _Redirect(tool, database)
    listeners = (
        (tool.engine, "do_connect", redirect.connecting),
        (tool.pool, "first_connect", redirect.connected),
        (tool.pool, "connect", redirect.connected),
        (tool.pool, "checkout", redirect.taken),
    )
    for listener in listeners:
        tool.event.listen(*listener)
    try:
        yield
    finally:
        for listener in listeners:
            tool.event.remove(*listener)
        redirect.close()
