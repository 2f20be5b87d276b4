"""The audit hook tells of connections while somebody listens, however they are opened."""

from __future__ import annotations

import sqlite3
import sys
import threading
from contextlib import closing

from pytest_pmd_migrations.processes.audit_hook import hear_of_connections


def test_a_connection_is_told_with_what_it_was_opened_with(tmp_path):
    heard = []
    path = tmp_path / "app.db"
    with (
        hear_of_connections(lambda _, database: heard.append(database)),
        closing(sqlite3.connect(path)),
        closing(sqlite3.Connection(str(path))),
    ):
        pass
    assert heard == [path, str(path)]


def test_nothing_is_told_when_nobody_listens_any_more(tmp_path):
    heard = []
    with hear_of_connections(lambda _, database: heard.append(database)):
        pass
    with closing(sqlite3.connect(tmp_path / "app.db")):
        assert heard == []


def test_a_listener_inside_another_one_gives_back_to_it(tmp_path):
    outer, inner = [], []
    with hear_of_connections(lambda _, database: outer.append(database)):
        with (
            hear_of_connections(lambda _, database: inner.append(database)),
            closing(sqlite3.connect(tmp_path / "inner.db")),
        ):
            pass
        with closing(sqlite3.connect(tmp_path / "outer.db")):
            pass
    assert (outer, inner) == ([tmp_path / "outer.db"], [tmp_path / "inner.db"])


def test_a_connection_that_was_begun_before_anybody_listened_is_told_without_its_argument():
    heard = []

    def finish_opening():
        sys.audit("sqlite3.connect/handle", "the connection")

    with hear_of_connections(lambda conn, database: heard.append((conn, database))):
        thread = threading.Thread(target=finish_opening)
        thread.start()
        thread.join()
    assert heard == [("the connection", "")]
