"""The audit hook tells of connections while somebody listens, however they are opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.faults.watching.audit_hook import hear_of_connections


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
