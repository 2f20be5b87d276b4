"""The file of a connection."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.connections.database_path import file_of


def test_a_file_is_known_by_its_path_and_a_database_in_memory_has_none(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as conn:
        conn.execute("CREATE TABLE t(a)")
        assert file_of(conn) == tmp_path / "a.db"
        content = conn.serialize()
    with closing(sqlite3.connect(":memory:")) as conn:
        assert file_of(conn) is None
        conn.deserialize(content)
        # A name that SQLite gave it, which is no path; newer versions give it none.
        assert conn.execute("PRAGMA database_list").fetchall()[0][2] in ("x", "")
        assert file_of(conn) is None


def test_it_is_known_whatever_texts_the_application_wants(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as conn:
        conn.text_factory = bytes
        assert file_of(conn) == tmp_path / "a.db"
        assert conn.text_factory is bytes
