"""Connections are prepared as the application prepares its own, and read as plain ones."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.connection_marks import connection_marks
from pytest_pmd_migrations.connections.connection import (
    ApplicationConnection,
    Preparation,
    as_application,
    connect_file,
    prepare_connection,
)
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.image import Image

from tests.unit.plugin.own_functions import PREPARED, prepare, works


def refused(part: Callable[[sqlite3.Connection], object]) -> str:
    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(SettingError) as caught:
        prepare_connection(conn, Preparation((("app.db:prepare", part),)))
    assert "\n" not in str(caught.value)
    return re.sub(r" \(.*test_connection\.py:\d+\)", " (here)", str(caught.value))


def test_parts_are_called_in_order() -> None:
    calls: list[str] = []
    parts = tuple((name, lambda _, name=name: calls.append(name)) for name in ("one", "two"))
    with closing(sqlite3.connect(":memory:")) as conn:
        prepare_connection(conn, Preparation(parts))
    assert calls == ["one", "two"]


def test_a_part_may_return_the_connection() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        prepare_connection(conn, PREPARED)
        assert works(conn)


def test_what_a_part_raises_is_one_line_with_its_own_line() -> None:
    def broken(conn: sqlite3.Connection) -> None:
        raise KeyError("no key")

    assert refused(broken) == "app.db:prepare raised KeyError: 'no key' (here)"


def test_keyboard_interrupt_goes_through() -> None:
    def interrupted(conn: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(KeyboardInterrupt):
        prepare_connection(conn, Preparation((("app.db:prepare", interrupted),)))


def generator(conn: sqlite3.Connection) -> Iterator[None]:
    yield prepare(conn)


async def coroutine(conn: sqlite3.Connection) -> None:
    prepare(conn)


@contextlib.contextmanager
def manager(conn: sqlite3.Connection) -> Iterator[None]:
    yield prepare(conn)


def another(conn: sqlite3.Connection) -> sqlite3.Connection:
    return prepare(sqlite3.connect(":memory:"))


def test_a_part_that_prepares_nothing_is_refused() -> None:
    parts = {
        generator: "generator",
        coroutine: "coroutine",
        manager: "_GeneratorContextManager",
        another: "Connection",
    }
    for part, kind in parts.items():
        assert refused(part) == (
            f"app.db:prepare returned a {kind}; expected a plain function prepare(conn) that adds"
            " functions and collations to the connection it is given"
        )


def writes(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TABLE t(a)")
    conn.execute("INSERT INTO t VALUES (1)")


def test_a_part_that_leaves_a_transaction_or_closes_is_refused() -> None:
    expected = "expected it to add functions and collations, and nothing else"
    assert refused(writes) == f"app.db:prepare left a transaction open; {expected}"
    assert refused(sqlite3.Connection.close) == (
        f"app.db:prepare closed the connection; {expected}"
    )


def as_the_application_likes_it(conn: sqlite3.Connection) -> None:
    prepare(conn)
    conn.row_factory = lambda cursor, row: {column[0]: row[0] for column in cursor.description}
    conn.text_factory = bytes
    conn.isolation_level = None
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA recursive_triggers = ON")


def settings(conn: sqlite3.Connection) -> tuple[object, ...]:
    cursor = conn.cursor()
    cursor.row_factory = None
    pragmas = [
        cursor.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("foreign_keys", "recursive_triggers")
    ]
    return (conn.row_factory is None, conn.text_factory, conn.isolation_level, *pragmas)


PLAIN = (True, str, "", 0, 0)
THEIRS = (False, bytes, None, 1, 1)


@pytest.fixture
def conn() -> Iterator[ApplicationConnection]:
    preparation = Preparation((("app.db:prepare", as_the_application_likes_it),))
    with closing(Image(b"", preparation).connect()) as opened:
        yield opened


def test_the_applications_settings_are_there_in_its_own_calls_only(
    conn: ApplicationConnection,
) -> None:
    assert settings(conn) == PLAIN
    assert works(conn)
    with as_application(conn):
        assert settings(conn) == THEIRS
        assert conn.execute("SELECT 'x' AS name").fetchone() == {"name": b"x"}
        conn.row_factory = sqlite3.Row
    assert settings(conn) == PLAIN
    with as_application(conn):
        assert conn.row_factory is sqlite3.Row


def test_rows_as_a_step_asks_for_them_are_there_in_its_own_calls_only() -> None:
    with closing(Image(b"").connect()) as conn:
        with as_application(conn):
            conn.row_factory, conn.text_factory = sqlite3.Row, bytes
        assert (conn.row_factory, conn.text_factory) == (None, str)
        with as_application(conn):
            assert (conn.row_factory, conn.text_factory) == (sqlite3.Row, bytes)
    with closing(Image(b"").connect()) as conn:
        with as_application(conn):
            conn.row_factory = sqlite3.Row
            conn.close()
        assert conn.row_factory is None


def test_a_transaction_that_the_application_leaves_open_stays_open(
    conn: ApplicationConnection,
) -> None:
    with as_application(conn):
        conn.execute("CREATE TABLE t(a)")
        conn.execute("BEGIN")
        conn.execute("INSERT INTO t VALUES (1)")
    assert conn.in_transaction
    assert conn.row_factory is None
    conn.rollback()
    assert conn.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_connection_that_the_application_closes_is_no_error_here(
    conn: ApplicationConnection,
) -> None:
    with as_application(conn):
        conn.close()


def test_a_connection_of_somebody_else_stays_as_it_is() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        as_the_application_likes_it(conn)
        with as_application(conn):
            assert settings(conn) == THEIRS
        assert settings(conn) == THEIRS


class Sum:
    step = inverse = value = finalize = staticmethod(lambda *_: 0)


ADDED: dict[str, Callable[[sqlite3.Connection], object]] = {
    "a function": lambda conn: conn.create_function("f", 0, lambda: 1),
    "another function of that name": lambda conn: conn.create_function("f", 0, lambda: 2),
    "an aggregate": lambda conn: conn.create_aggregate("a", 1, Sum),
    "a window function": lambda conn: conn.create_window_function("w", 1, Sum),
    "a collation": lambda conn: conn.create_collation("c", lambda *_: 0),
    "a pragma": lambda conn: conn.execute("PRAGMA trusted_schema = OFF"),
}


def test_what_is_added_to_a_connection_tells_it_from_all_others() -> None:
    with closing(Image(b"").connect()) as conn, closing(sqlite3.connect(":memory:")) as plain:
        seen = {connection_marks(conn), connection_marks(plain)}
        for add in ADDED.values():
            add(conn)
            seen.add(connection_marks(conn))
        assert len(seen) == len(ADDED) + 2
        assert conn.execute("SELECT w(1) OVER (), f()").fetchone() == (0, 2)
        can_load = hasattr(plain, "enable_load_extension")  # as Python was built
        for allowed in (True, False):
            with contextlib.nullcontext() if can_load else pytest.raises(AttributeError):
                conn.enable_load_extension(allowed)
        # One that was loaded meanwhile is there still.
        assert conn.may_load_extensions
        conn.set_progress_handler(lambda: True, 1)
        assert connection_marks(conn) is None


def test_pragmas_may_be_kept_for_a_test_that_writes(conn: ApplicationConnection) -> None:
    conn.keep_pragmas()
    assert settings(conn) == (True, str, "", 1, 1)


def test_a_file_whose_preparation_fails_is_closed_again(tmp_path: Path) -> None:
    opened: list[sqlite3.Connection] = []

    def broken(conn: sqlite3.Connection) -> None:
        opened.append(conn)
        raise ValueError

    preparation = Preparation((("app.db:prepare", broken),))
    for connect in (
        lambda: connect_file(tmp_path / "a.db", preparation),
        lambda: Image(b"", preparation).connect(),
    ):
        with pytest.raises(SettingError):
            connect()
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            opened[-1].execute("SELECT 1")
