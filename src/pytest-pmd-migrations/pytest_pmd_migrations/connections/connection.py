"""Prepare a connection as the application prepares its own: with its functions and collations."""

from __future__ import annotations

import inspect
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from pytest_pmd_migrations.connections.asking_connection import AskingConnection
from pytest_pmd_migrations.errors import MigrationTestError, SettingError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.messages.where_raised import raised_where

__all__ = [
    "NO_PREPARATION",
    "ApplicationConnection",
    "Preparation",
    "Prepare",
    "as_application",
    "connect_file",
    "preparation_of",
    "prepare_connection",
]

Prepare: TypeAlias = Callable[[sqlite3.Connection], object]
"""Adds what the application needs to a new connection: functions, collations, modules."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """What an application does to each of its connections.

    ``parts`` are called in order, each with the name that messages give it.
    """

    parts: tuple[tuple[str, Prepare], ...] = ()


NO_PREPARATION = Preparation()
"""That of an application whose database needs nothing but SQLite."""


def prepare_connection(conn: sqlite3.Connection, preparation: Preparation) -> None:
    """Prepare a new connection; every one to an application's database comes through here.

    Raises SettingError, one line, where the application's own code raises or does something else
    than to prepare the connection it is given.
    """
    for name, prepare in preparation.parts:
        try:
            answer = prepare(conn)
        except (KeyboardInterrupt, MigrationTestError):
            raise
        except BaseException as error:
            raise SettingError(f"{name} raised {raised_where(error)}") from error
        for one in answer if isinstance(answer, list) else (answer,):
            _refuse_answer(name, conn, one)
        _refuse_state(name, conn)


def _refuse_answer(name: str, conn: sqlite3.Connection, answer: object) -> None:
    """Raise SettingError where the answer shows that nothing was prepared."""
    if answer is conn:
        return
    if (
        inspect.isgenerator(answer)
        or inspect.isawaitable(answer)
        or hasattr(answer, "__enter__")
        or hasattr(answer, "execute")
    ):
        close = getattr(answer, "close", None)
        if callable(close):
            close()
        raise SettingError(
            f"{name} returned a {type(answer).__name__}; expected a plain function prepare(conn)"
            " that adds functions and collations to the connection it is given"
        )


def _refuse_state(name: str, conn: sqlite3.Connection) -> None:
    """Raise SettingError where the connection was closed, or left in a transaction."""
    expected = "expected it to add functions and collations, and nothing else"
    try:
        if conn.in_transaction:
            raise SettingError(f"{name} left a transaction open; {expected}")
    except sqlite3.ProgrammingError as error:
        raise SettingError(f"{name} closed the connection; {expected}") from error


class _Settings(NamedTuple):
    """How a connection returns rows and what its writes do: what an application may have set."""

    row_factory: Any
    text_factory: Any
    isolation_level: Any
    pragmas: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, conn: sqlite3.Connection) -> _Settings:
        cursor = conn.cursor()
        cursor.row_factory = None
        pragmas = tuple(
            (name, int(cursor.execute(f"PRAGMA {name}").fetchone()[0])) for name in _PRAGMAS
        )
        return cls(conn.row_factory, conn.text_factory, conn.isolation_level, pragmas)

    def apply(self, conn: sqlite3.Connection) -> None:
        conn.row_factory, conn.text_factory = self.row_factory, self.text_factory
        if conn.in_transaction:
            # SQLite ignores the pragmas there, and another isolation level would commit.
            return
        if conn.isolation_level != self.isolation_level:
            conn.isolation_level = self.isolation_level
        self.apply_pragmas(conn)

    def apply_pragmas(self, conn: sqlite3.Connection) -> None:
        for name, value in self.pragmas:
            conn.execute(f"PRAGMA {name} = {value}")


_PRAGMAS = ("foreign_keys", "recursive_triggers")


class ApplicationConnection(AskingConnection):
    """A connection to a copy, prepared as the application prepares its own.

    Between the application's own calls (:func:`as_application`) it returns rows as a plain
    connection does, whatever row factory, isolation level and pragmas the application sets.
    """

    preparation = NO_PREPARATION
    folder: TemporaryFolder | None = None
    is_in_memory = False
    """Whether it is known that its main database is no file, which stays so for good."""

    additions = 0
    additions_when_prepared = 0
    may_load_extensions = False
    """Whether the application ever allowed that: an extension adds what nobody counts."""
    _theirs: _Settings | None = None

    def create_function(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        """Add a function, and count it: no list tells one from another of the same name."""
        self.additions += 1
        super().create_function(*arguments, **options)

    def create_collation(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        """Add a collation, and count it likewise."""
        self.additions += 1
        super().create_collation(*arguments, **options)

    def create_aggregate(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        """Add an aggregate function, and count it likewise."""
        self.additions += 1
        super().create_aggregate(*arguments, **options)

    def create_window_function(self, *arguments: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        """Add a window function, and count it likewise."""
        self.additions += 1
        super().create_window_function(*arguments)

    def enable_load_extension(self, *arguments: Any) -> None:  # noqa: ANN401 - as sqlite3 has it
        """Allow to load extensions, and remember that."""
        self.may_load_extensions = True
        parent: Any = super()
        parent.enable_load_extension(*arguments)

    def prepare(self, preparation: Preparation) -> None:
        """Prepare the connection, once, before anything else is done with it."""
        self.preparation = preparation
        if not preparation.parts:
            prepare_connection(self, preparation)
        else:
            plain = _Settings.of(self)
            prepare_connection(self, preparation)
            self._theirs = _Settings.of(self)
            plain.apply(self)
        self.additions_when_prepared = self.additions

    @property
    def settings_of_application(self) -> object:
        """What the application's code finds set on the connection; equal where it is the same."""
        return self._theirs

    def keep_pragmas(self) -> None:
        """Let writes do from now on what they do for the application, such as cascade."""
        if self._theirs is not None:
            self._theirs.apply_pragmas(self)

    @contextmanager
    def given_to_application(self) -> Iterator[None]:
        """Have the application's own settings in the block; see :func:`as_application`."""
        if self._theirs is None:
            with self._rows_taken_back():
                yield
            return
        plain = _Settings.of(self)
        self._theirs.apply(self)
        try:
            yield
        finally:
            self._take_back(plain)

    @contextmanager
    def _rows_taken_back(self) -> Iterator[None]:
        """Have plain rows behind the block; a step that set others finds them the next time."""
        factories = self.row_factory, self.text_factory
        try:
            yield
        finally:
            if (self.row_factory, self.text_factory) != factories:
                # Closed or not, what it set is told without the database.
                theirs = self.row_factory, self.text_factory
                self.row_factory, self.text_factory = factories
                with suppress(sqlite3.ProgrammingError):
                    self._theirs = _Settings.of(self)._replace(
                        row_factory=theirs[0], text_factory=theirs[1]
                    )

    def _take_back(self, plain: _Settings) -> None:
        try:
            self._theirs = _Settings.of(self)
            plain.apply(self)
        except sqlite3.ProgrammingError:
            # The application closed it: whoever called the application tells that.
            return

    def close(self) -> None:
        """Close the connection; delete the folder of a copy that is a file."""
        super().close()
        if self.folder is not None:
            self.folder.remove()
            self.folder = None


_AS_IT_IS = nullcontext()


def preparation_of(conn: sqlite3.Connection) -> Preparation:
    """Return how a connection was prepared; one that this package did not open was not."""
    return conn.preparation if isinstance(conn, ApplicationConnection) else NO_PREPARATION


def as_application(conn: sqlite3.Connection) -> AbstractContextManager[None]:
    """Let the application's code have ``conn`` in the block as it prepared it.

    What it changes there (another row factory) it finds again the next time. A connection that
    this package did not open stays as it is.
    """
    return conn.given_to_application() if isinstance(conn, ApplicationConnection) else _AS_IT_IS


def connect_file(
    path: str | os.PathLike[str],
    preparation: Preparation,
    *,
    uri: bool = False,
    pragma: str = "",
) -> ApplicationConnection:
    """Open a file and prepare the connection; the caller closes it.

    ``pragma`` is set after that, such as ``"synchronous = OFF"``.
    """
    conn: ApplicationConnection = sqlite3.connect(path, uri=uri, factory=ApplicationConnection)
    try:
        conn.prepare(preparation)
        if pragma:
            conn.execute(f"PRAGMA {pragma}")
    except BaseException:
        conn.close()
        raise
    return conn
