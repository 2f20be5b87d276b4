"""Snapshots: their names, their folder, and files that are written the same every time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.snapshots import SnapshotFolder, SnapshotName, twin
from pytest_pmd_migrations.snapshots.write import write_snapshot

from tests.every import for_every
from tests.unit.plugin.twin_text import twin_text


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, b);"
            "CREATE INDEX i ON t(b);"
            "CREATE VIEW v AS SELECT b FROM t;"
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;"
            "CREATE TABLE w(k TEXT PRIMARY KEY, n) WITHOUT ROWID;"
            "CREATE VIRTUAL TABLE f USING fts5(body);"
            "PRAGMA user_version = 3;"
        )
        connection.execute("INSERT INTO f VALUES ('hello')")
        connection.executemany("INSERT INTO w VALUES (?, ?)", [("b", 2), ("a", 1)])
        connection.commit()
        yield connection


@for_every("text", ["0007", "0000+u1", "0001+adopted", "12345", "0002+a-b.c"])
def test_a_name_is_spelled_as_it_was_parsed(text: str) -> None:
    assert str(SnapshotName.parse(text)) == text


@for_every("text", ["7", "007", "00007", "0007+", "0007 copy", "backup", ""])
def test_a_text_that_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        SnapshotName.parse(text)
    assert str(caught.value) == (
        f"{text!r} is not the name of a snapshot; expected four digits and, for a variant,"
        " a plus sign and its name: 0007 or 0007+variant"
    )


def test_names_sort_by_version_with_the_plain_one_first() -> None:
    names = [SnapshotName.parse(text) for text in ["0010", "0001+b", "0001", "0000+u1"]]
    assert [str(name) for name in sorted(names)] == ["0000+u1", "0001", "0001+b", "0010"]


def test_the_same_rows_give_the_same_bytes_whatever_happened_before(
    conn: sqlite3.Connection, tmp_path: Path
) -> None:
    write_snapshot(conn, tmp_path / "one" / "0003.db")
    conn.execute("CREATE TABLE gone(x)")
    conn.executemany("INSERT INTO gone VALUES (?)", [("x" * 500,)] * 100)
    conn.commit()
    conn.execute("DROP TABLE gone")
    conn.commit()
    write_snapshot(conn, tmp_path / "two" / "0003.db")
    for suffix in ("db", "sql"):
        one, two = (tmp_path / part / f"0003.{suffix}" for part in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_a_stored_snapshot_has_small_pages_and_no_library_version(
    conn: sqlite3.Connection, tmp_path: Path
) -> None:
    image = write_snapshot(conn, tmp_path / "0003.db")
    content = (tmp_path / "0003.db").read_bytes()
    assert content == image.content
    assert content[16:18] == (1024).to_bytes(2, "big")
    assert content[96:100] == bytes(4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0003.db", "0003.sql"]


def test_the_twin_shows_schema_and_rows_but_no_shadow_tables(conn: sqlite3.Connection) -> None:
    conn.execute("INSERT INTO t(b) VALUES ('it''s')")
    conn.commit()
    assert twin_text(conn) == (
        "PRAGMA user_version = 3;\n"
        "PRAGMA application_id = 0;\n"
        "\n"
        "CREATE VIRTUAL TABLE f USING fts5(body);\n"
        'INSERT INTO "f"(rowid, "body") VALUES (1, \'hello\');\n'
        "\n"
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, b);\n"
        'INSERT INTO "t"("id", "b") VALUES (1, \'it\'\'s\');\n'
        "\n"
        "CREATE TABLE w(k TEXT PRIMARY KEY, n) WITHOUT ROWID;\n"
        'INSERT INTO "w"("k", "n") VALUES (\'a\', 1);\n'
        'INSERT INTO "w"("k", "n") VALUES (\'b\', 2);\n'
        "\n"
        "CREATE INDEX i ON t(b);\n"
        "\n"
        "CREATE VIEW v AS SELECT b FROM t;\n"
        "\n"
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;\n"
        "\n"
        'INSERT INTO "sqlite_sequence"("name", "seq") VALUES (\'t\', 1);\n'
    )


@for_every(
    "value, literal",
    [
        ("NULL", "NULL"),
        ("x'00ff'", "x'00ff'"),
        ("9223372036854775807", "9223372036854775807"),
        ("0.1", "0.1"),
        ("9e999", "9e999"),
        ("-9e999", "-9e999"),
        ("'two\nlines'", "'two\nlines'"),
        ("'ünïcode'", "'ünïcode'"),
        ("'a' || char(0) || 'b'", "CAST(x'610062' AS TEXT)"),
        ("CAST(x'ff' AS TEXT)", "CAST(x'ff' AS TEXT)"),
        ("'a' || char(10) || '::error::b'", "CAST(x'610a3a3a6572726f723a3a62' AS TEXT)"),
        ("'a' || char(0x202e)", "CAST(x'61e280ae' AS TEXT)"),
    ],
)
def test_the_twin_spells_every_kind_of_value(value: str, literal: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(f"CREATE TABLE t(a); INSERT INTO t VALUES ({value})")
        assert f'INSERT INTO "t"("a") VALUES ({literal});' in twin_text(connection)


def test_what_sqlite_writes_of_the_twin_is_what_python_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE mixed(a TEXT, b, c REAL);"
            "INSERT INTO mixed VALUES ('it''s', 1, NULL), ('é', -2, NULL), ('x', 3, 2.5),"
            " ('', 9007199254740993, NULL), ('##[x', x'00', NULL), ('a' || char(0), NULL, NULL),"
            " (NULL, zeroblob(70000), 1), ('end', 'y', NULL);"
        )
        by_sqlite = twin_text(connection)
        assert by_sqlite.splitlines()[4:-2] == [
            'INSERT INTO "mixed"("a", "b", "c") VALUES (' + values + ");"
            for values in (
                "'it''s', 1, NULL",
                "'é', -2, NULL",
                "'x', 3, 2.5",
                "'', 9007199254740993, NULL",
                "CAST(x'23235b78' AS TEXT), x'00', NULL",
                "CAST(x'6100' AS TEXT), NULL, NULL",
            )
        ]
        assert by_sqlite.endswith("(NULL, x'" + "00" * 70000 + "', 1.0);\n" + LAST_MIXED)
        for at_once in (1, 2, 3):
            monkeypatch.setattr(twin, "rows_at_once", lambda *_, number=at_once: number)
            assert twin_text(connection) == by_sqlite
        connection.create_function("quote", 1, lambda _: "of the application's own")
        assert twin_text(connection) == by_sqlite


LAST_MIXED = 'INSERT INTO "mixed"("a", "b", "c") VALUES (\'end\', \'y\', NULL);\n'


def test_no_terminal_and_no_log_obeys_a_name_in_the_twin() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            'CREATE TABLE "\x1b[31mred"(a, -- \u202e\r\n  b); CREATE TABLE "\n::error::x"(a);'
            'INSERT INTO "\n::error::x" VALUES (1)'
        )
        assert twin_text(connection).split("\n")[3:] == [
            'CREATE TABLE "',
            r'\x3a:error::x"(a);',
            r'INSERT INTO "\n::error::x"("a") VALUES (1);',
            "",
            r'CREATE TABLE "\x1b[31mred"(a, -- \u202e' + "\r",
            "  b);",
            "",
        ]


def test_a_missing_folder_holds_no_snapshots(tmp_path: Path) -> None:
    assert SnapshotFolder(tmp_path / "nowhere").names() == ()


def test_a_file_with_another_name_in_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_bytes(b"")
    with pytest.raises(SnapshotError) as caught:
        SnapshotFolder(tmp_path).names()
    assert str(caught.value) == (
        f"{tmp_path}/backup.db: 'backup' is not the name of a snapshot; expected four digits and,"
        " for a variant, a plus sign and its name: 0007 or 0007+variant."
        " Rename it or move it elsewhere."
    )


def test_a_stored_snapshot_is_read_whole(conn: sqlite3.Connection, tmp_path: Path) -> None:
    folder, name = SnapshotFolder(tmp_path), SnapshotName(3)
    image = write_snapshot(conn, folder.file(name))
    assert folder.names() == (name,)
    assert folder.read(name) == image
    assert folder.twin(name).is_file()


def test_unreadable_snapshots_are_told_apart(conn: sqlite3.Connection, tmp_path: Path) -> None:
    folder, name = SnapshotFolder(tmp_path), SnapshotName(3)
    file = folder.file(name)

    def message() -> str:
        with pytest.raises(SnapshotError) as caught:
            folder.read(name)
        return str(caught.value)

    assert message() == (
        f"snapshot 0003 is not stored: {file} does not exist; expected a SQLite database."
        " Restore it from version control, or build it: pmd-migrations snapshot"
    )
    file.write_bytes(b"")
    assert message() == (
        f"snapshot 0003 is empty: {file} (0 bytes); expected a file that begins with"
        ' "SQLite format 3". Restore it from version control.'
    )
    file.write_bytes(b"no database at all")
    assert message() == (
        f"snapshot 0003 is no SQLite database, or is encrypted: {file} (18 bytes); expected a"
        ' file that begins with "SQLite format 3". Restore it from version control.'
    )
    file.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 36864\n")
    assert message() == (
        f"snapshot 0003 is a git-lfs pointer: {file} stands for the database that git-lfs keeps"
        " elsewhere; expected the database itself. Fetch it: git lfs install && git lfs pull"
    )
    content = write_snapshot(conn, file).content
    file.write_bytes(content[:-1024])
    assert message() == (
        f"snapshot 0003 is truncated: {file} has {len(content) - 1024} bytes;"
        f" expected {len(content) // 1024} pages of 1024 bytes. Restore it from version control."
    )
    file.write_bytes(content + b"\r")
    assert message() == (
        f"snapshot 0003 has bytes too many: {file} has {len(content) + 1} bytes;"
        f" expected {len(content) // 1024} pages of 1024 bytes. Restore it from version control."
        " Where git made line ends of its bytes, before that: echo '*.db binary' >> .gitattributes"
    )
    file.unlink()
    file.mkdir()
    assert message() == (
        f"snapshot 0003 cannot be read: {file}: Is a directory; expected a SQLite database."
        f" Move it away, and restore the file from version control: git checkout HEAD -- {file}"
    )


def test_what_may_not_be_read_is_said_with_the_command_that_mends_it(
    conn: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, name = SnapshotFolder(tmp_path), SnapshotName(3)
    file = folder.file(name)
    write_snapshot(conn, file)

    def denied(*_: object, **__: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    # Root may read everything, so permissions alone would not tell.
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", denied)
        with pytest.raises(SnapshotError) as caught:
            folder.read(name)
    assert str(caught.value) == (
        f"snapshot 0003 cannot be read: {file}: Permission denied; expected a SQLite database."
        f" Make it readable: chmod u+r {file}"
    )
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SnapshotError) as caught:
        folder.names()
    assert str(caught.value) == (
        f"{tmp_path} cannot be read: it may not be listed. Make the folder readable:"
        f" chmod u+rx {tmp_path}"
    )


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="no folder is closed to root here")
def test_a_folder_without_rights_is_told_with_how_to_open_it(conn: sqlite3.Connection) -> None:
    with pytest.raises(SnapshotError) as caught:
        write_snapshot(conn, Path("/sys/kernel/0001.db"))
    assert str(caught.value) == (
        "/sys/kernel/0001.sql cannot be written: Permission denied; expected a folder to write"
        " into. Make the folder yours to write into: chmod u+wx /sys/kernel, or set"
        " migration_snapshots to another folder."
    )


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(
    conn: sqlite3.Connection, tmp_path: Path
) -> None:
    name = "x" * 250 + ".db"
    with pytest.raises(SnapshotError) as caught:
        write_snapshot(conn, tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path}/{name.replace('.db', '.sql')} cannot be written: File name too long; expected"
        " a folder to write into. Make room for it, or set migration_snapshots to another folder."
    )
    (tmp_path / "0003.db").mkdir()
    with pytest.raises(SnapshotError, match="cannot be written: Is a directory"):
        write_snapshot(conn, tmp_path / "0003.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0003.db", "0003.sql"]


def test_the_largest_page_size_and_a_broken_header_are_understood(
    conn: sqlite3.Connection, tmp_path: Path
) -> None:
    folder, name = SnapshotFolder(tmp_path), SnapshotName(3)
    with closing(sqlite3.connect(folder.file(name))) as large:
        large.executescript("PRAGMA page_size = 65536; CREATE TABLE t(a)")
    assert len(folder.read(name).content) == 2 * 65536
    content = write_snapshot(conn, folder.file(name)).content
    folder.file(name).write_bytes(content[:16] + b"\x00\x03" + content[18:])
    with pytest.raises(SnapshotError, match="snapshot 0003 is truncated"):
        folder.read(name)


def test_the_twin_says_so_where_a_table_s_module_is_missing(conn: sqlite3.Connection) -> None:
    conn.executescript(
        "PRAGMA writable_schema = ON;"
        "INSERT INTO sqlite_schema VALUES"
        " ('table', 'odd', 'odd', 0, 'CREATE VIRTUAL TABLE odd USING nothing_loaded(a)');"
    )
    with closing(sqlite3.connect(":memory:")) as other:
        other.deserialize(conn.serialize())
        text = twin_text(other)
    assert (
        "CREATE VIRTUAL TABLE odd USING nothing_loaded(a);\n"
        "-- rows of odd cannot be read: no such module: nothing_loaded\n"
    ) in text
    assert text.endswith("\n")


def test_nothing_of_a_schema_runs_while_its_twin_is_written() -> None:
    ran: list[object] = []
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("tell", 1, ran.append, deterministic=True)
        connection.executescript(
            "CREATE TABLE t(a, b AS (tell(a))); CREATE VIEW v AS SELECT tell(a) FROM t;"
            "INSERT INTO t VALUES (1)"
        )
        ran.clear()
        assert 'INSERT INTO "t"("a") VALUES (1);' in twin_text(connection)
        assert ran == []
        assert connection.execute("PRAGMA trusted_schema").fetchone() == (1,)
        assert connection.execute("SELECT b FROM t").fetchone() == (None,)


def test_a_schema_that_calls_a_function_which_sqlite_does_not_trust_has_its_twin() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("fits", 1, lambda _: 1, deterministic=True)
        script = "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE json_valid(a) AND fits(a);"
        connection.executescript(f"{script} INSERT INTO t VALUES ('[]'); PRAGMA user_version = 3")
        assert 'INSERT INTO "t"("a") VALUES (\'[]\');' in twin_text(connection)
        assert connection.execute("PRAGMA trusted_schema").fetchone() == (1,)
