"""The stored databases are what their builders make, and hold the rows that bite."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fixtures.builders.build import BUILDERS, STORED, write

LARGEST = 2**63 - 1
SMALLEST = -(2**63)
LARGEST_FILE = 150 * 1024
VERSIONED = [f"{version:04d}" for version in range(1, 13)]
UNVERSIONED = [name for name in BUILDERS if name.startswith("0000+")]
WITH_SOURCES = ["0000+u3", "0000+u4", "0000+u5", *VERSIONED]
WITH_METADATA = ["0000+u4", "0000+ensured", "0000+grown", *VERSIONED]
WITH_TAGS = ["0000+u5", "0000+ensured", "0000+grown", *VERSIONED]
CONTENTLESS = ["0000+u1", "0000+grown", "0001+adopted"]
FIRST_CHECKED = "0008"
"""The version from which a CHECK allows no `active` but 0 and 1."""

NEVER_NULL = {("content", "hash"), ("content_vectors", "total_chunks")}
"""Columns that may be NULL, and that pmd never left so."""


@pytest.fixture(params=BUILDERS)
def name(request):
    """The name of a stored database, each in turn."""
    return request.param


@pytest.fixture
def stored(name):
    """A connection that reads a stored database, each in turn."""
    with closing(read(name)) as conn:
        yield conn


def read(name):
    return sqlite3.connect(f"file:{STORED / name}.db?mode=ro&immutable=1", uri=True)


def one(conn, sql, *values):
    return conn.execute(sql, values).fetchone()[0]


def column(conn, sql):
    return [row[0] for row in conn.execute(sql)]


def tables(conn):
    """Return the names of the tables that are no virtual table's and not SQLite's."""
    return column(
        conn,
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name",
    )


def columns(conn, table):
    return column(conn, f"SELECT name FROM pragma_table_info('{table}')")


def values(conn):
    """Return every value of every table, with its table and column."""
    return [
        (table, name, value)
        for table in tables(conn)
        for name in columns(conn, table)
        for value in column(conn, f'SELECT "{name}" FROM "{table}"')
    ]


def is_text(blob):
    try:
        blob.decode()
    except UnicodeDecodeError:
        return False
    return True


def collections_table(conn):
    return "collections" if "collections" in tables(conn) else "source_collections"


def test_every_stored_database_has_a_builder():
    assert {file.stem for file in STORED.glob("*.db")} == set(BUILDERS)
    assert {file.stem for file in STORED.glob("*.sql")} == set(BUILDERS)


def test_building_twice_gives_the_same_bytes(name, tmp_path):
    first, second = write(name, tmp_path / "first"), write(name, tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".sql").read_bytes() == second.with_suffix(".sql").read_bytes()


def test_what_is_stored_is_what_its_builder_makes(name, tmp_path):
    made = write(name, tmp_path)
    assert made.read_bytes() == (STORED / made.name).read_bytes()
    twin = made.with_suffix(".sql")
    assert twin.read_text(encoding="utf-8") == (STORED / twin.name).read_text(encoding="utf-8")


def test_a_stored_database_is_small(name):
    assert (STORED / f"{name}.db").stat().st_size < LARGEST_FILE


def test_its_version_is_the_one_in_its_name(name, stored):
    assert one(stored, "PRAGMA user_version") == int(name[:4])


def test_it_is_sound(stored):
    assert column(stored, "PRAGMA integrity_check") == ["ok"]


def test_only_the_first_releases_left_rows_that_point_at_nothing(name, stored):
    dangling = {row[0] for row in stored.execute("PRAGMA foreign_key_check")}
    expected = set()
    if name not in VERSIONED:
        expected.add("path_contexts")
    if name in ("0000+u3", "0000+u4", "0000+u5"):
        expected.add("source_metadata")
    assert dangling == expected


def test_every_table_has_rows_where_its_release_wrote_some(name, stored):
    empty = {t for t in tables(stored) if not one(stored, f'SELECT count(*) FROM "{t}"')}
    later = {"source_metadata", "document_metadata", "document_tags"}
    expected = {
        "0000+u5": {"document_metadata"},
        "0000+grown": {"source_metadata"},
        "0001+adopted": later,
    }
    assert empty == expected.get(name, set())


def test_there_is_a_null_wherever_one_is_allowed(stored):
    filled = {t for t in tables(stored) if one(stored, f'SELECT count(*) FROM "{t}"')}
    nullable = {
        (table, name)
        for table in filled
        for name in column(
            stored,
            f"SELECT name FROM pragma_table_info('{table}') "
            "WHERE NOT \"notnull\" AND NOT (pk AND type = 'INTEGER')",
        )
    }
    null = {(table, name) for table, name, value in values(stored) if value is None}
    assert nullable - null == nullable & NEVER_NULL


def test_there_are_blobs_where_text_is_declared(stored):
    blobs = {(table, name) for table, name, value in values(stored) if isinstance(value, bytes)}
    expected = {("content", "doc")}
    for table, name in [
        ("path_contexts", "path_prefix"),
        ("path_contexts", "context"),
        ("path_contexts", "created_at"),
        (collections_table(stored), "glob_pattern"),
        (collections_table(stored), "source_config"),
        ("ollama_cache", "result"),
        ("llm_cache", "result"),
    ]:
        if table in tables(stored) and name in columns(stored, table):
            expected.add((table, name))
    if "document_metadata" in tables(stored) and one(
        stored, "SELECT count(*) FROM document_metadata"
    ):
        expected |= {("document_metadata", "tags_json"), ("document_metadata", "attributes_json")}
    assert expected <= blobs


def test_there_are_blobs_that_are_text_and_blobs_that_are_none(stored):
    blobs = {value for _, _, value in values(stored) if isinstance(value, bytes)}
    assert {is_text(blob) for blob in blobs} == {True, False}


def test_the_largest_and_the_smallest_integer_are_there(stored):
    integers = {value for _, _, value in values(stored) if isinstance(value, int)}
    assert {LARGEST, SMALLEST} <= integers


@pytest.mark.parametrize("name", WITH_SOURCES)
def test_a_source_was_fetched_in_part_of_a_millisecond(name):
    with closing(read(name)) as conn:
        table = "documents" if "source_uri" in columns(conn, "documents") else "source_metadata"
        durations = column(conn, f"SELECT fetch_duration_ms FROM {table}")
    assert {12.5, LARGEST, None} <= set(durations)


def test_there_are_empty_strings_quotes_unicode_and_nul(stored):
    texts = {value for _, _, value in values(stored) if isinstance(value, str)}
    assert "" in texts
    for part in ("'", '"', "\0", "練習", "🗂", "e\u0301", "--"):
        assert any(part in text for text in texts), part


def test_highest_ids_were_deleted(stored):
    marks = dict(stored.execute("SELECT name, seq FROM sqlite_sequence"))
    above = {
        table
        for table, mark in marks.items()
        if mark > one(stored, f'SELECT coalesce(max(id), 0) FROM "{table}"')
    }
    expected = {"documents", collections_table(stored), "path_contexts", "source_metadata"}
    assert expected & set(marks) <= above
    assert "documents" in above


def test_a_table_that_was_emptied_keeps_its_mark():
    with closing(read("0000+u5")) as conn:
        assert one(conn, "SELECT count(*) FROM document_metadata") == 0
        assert one(conn, "SELECT seq FROM sqlite_sequence WHERE name = 'document_metadata'") > 0


def test_documents_are_active_removed_and_before_the_check_something_else(name, stored):
    active = set(column(stored, "SELECT active FROM documents"))
    assert active == ({0, 1} if name >= FIRST_CHECKED else {0, 1, 2})


def test_documents_share_texts_and_some_texts_have_no_document(stored):
    shared = column(stored, "SELECT hash FROM documents GROUP BY hash HAVING count(*) > 1")
    assert shared
    unused = column(
        stored, "SELECT hash FROM content WHERE hash NOT IN (SELECT hash FROM documents)"
    )
    assert len(unused) > 1
    assert set(unused) & set(column(stored, "SELECT hash FROM content_vectors"))


def test_a_collection_has_several_contexts_and_one_has_none(stored):
    table = collections_table(stored)
    if "path_contexts" in tables(stored):
        owner = next(c for c in columns(stored, "path_contexts") if c.endswith("collection_id"))
        counts = column(
            stored,
            f"SELECT (SELECT count(*) FROM path_contexts WHERE {owner} = {table}.id) FROM {table}",
        )
    else:
        counts = column(
            stored,
            f"SELECT coalesce(json_array_length(contexts), 0) FROM {table}",
        )
    assert min(counts) == 0
    assert max(counts) > 1


@pytest.mark.parametrize("name", WITH_METADATA)
def test_tags_are_listed_in_every_way(name):
    with closing(read(name)) as conn:
        listed = column(conn, "SELECT tags_json FROM document_metadata")
    assert set(listed) == {
        '["winter", "snow", "a\\"b"]',
        "no JSON at all",
        '{"no": "list"}',
        '["x", 1, null, ["y"], ""]',
        b'["a blob"]',
    }


@pytest.mark.parametrize("name", WITH_TAGS)
def test_some_tags_are_listed_too_and_some_are_not(name):
    with closing(read(name)) as conn:
        tags = set(conn.execute("SELECT document_id, tag FROM document_tags"))
    assert {(1, "winter"), (1, "only here"), (4, "")} <= tags


def test_a_search_finds_the_documents_in_use(stored):
    for word, found in [("harbour", [1]), ("straße", [5]), ("several", [2, 3])]:
        matches = column(
            stored,
            f"SELECT rowid FROM documents_fts WHERE documents_fts MATCH '{word}' ORDER BY rowid",
        )
        assert set(found) <= set(matches), word


@pytest.mark.parametrize("name", CONTENTLESS)
def test_a_contentless_index_still_finds_removed_documents(name):
    with closing(read(name)) as conn:
        removed = set(column(conn, "SELECT id FROM documents WHERE active = 0"))
        assert removed
        assert removed <= set(column(conn, "SELECT rowid FROM documents_fts"))
        assert "documents_fts_content" not in column(conn, "SELECT name FROM sqlite_schema")


@pytest.mark.parametrize("name", sorted(set(BUILDERS) - set(CONTENTLESS)))
def test_an_index_that_stores_its_text_holds_no_removed_document(name):
    with closing(read(name)) as conn:
        indexed = set(column(conn, "SELECT rowid FROM documents_fts"))
        assert not indexed & set(column(conn, "SELECT id FROM documents WHERE active = 0"))
        missing = set(column(conn, "SELECT id FROM documents WHERE active = 1")) - indexed
        # Version 8 called a document active that version 7 held for 2, and did not index it.
        assert missing == ({6} if name == "0008" else set())


def test_each_unversioned_form_has_the_tables_and_columns_of_its_release():
    first = {
        "collections",
        "content",
        "content_vectors",
        "documents",
        "ollama_cache",
        "path_contexts",
    }
    expected = {
        "0000+u1": (set(), False),
        "0000+u2": (set(), False),
        "0000+u3": ({"source_metadata"}, True),
        "0000+u4": ({"source_metadata", "document_metadata"}, True),
        "0000+u5": ({"source_metadata", "document_metadata", "document_tags"}, True),
        "0000+ensured": ({"document_metadata", "document_tags"}, False),
        "0000+grown": ({"source_metadata", "document_metadata", "document_tags"}, False),
    }
    assert set(expected) == set(UNVERSIONED)
    for name, (added, sourced) in expected.items():
        with closing(read(name)) as conn:
            assert set(tables(conn)) == first | added, name
            assert ("source_type" in columns(conn, "collections")) is sourced, name


@pytest.fixture
def workplace(tmp_path):
    """A folder of its own with the builders and what they stored."""
    shutil.copytree(STORED.parent / "builders", tmp_path / "fixtures" / "builders")
    shutil.copytree(STORED, tmp_path / "fixtures" / "snapshots")
    return tmp_path


def run(workplace, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "fixtures.builders.build", *arguments],
        cwd=workplace,
        capture_output=True,
        encoding="utf-8",
    )


def spoil(file: Path) -> bytes:
    content = file.read_bytes() + b"\n"
    file.write_bytes(content)
    return content


def test_the_check_is_silent_when_everything_is_as_built(workplace):
    done = run(workplace, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_check_names_the_files_that_differ(workplace):
    spoil(workplace / "fixtures" / "snapshots" / "0003.sql")
    (workplace / "fixtures" / "snapshots" / "0005.db").unlink()
    done = run(workplace, "--check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "0003.sql is not what its builder makes",
        "0005.db is not what its builder makes",
    ]
    assert not (workplace / "fixtures" / "snapshots" / "0005.db").exists()


def test_a_stored_file_is_never_overwritten(workplace):
    file = workplace / "fixtures" / "snapshots" / "0003.db"
    content = spoil(file)
    done = run(workplace, "0003")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "0003.db is not what its builder makes\n"
    assert file.read_bytes() == content


def test_a_missing_file_is_built(workplace):
    file = workplace / "fixtures" / "snapshots" / "0000+u1.db"
    file.unlink()
    done = run(workplace, "0000+u1")
    assert (done.returncode, done.stderr) == (0, "")
    assert file.name in done.stdout
    assert file.read_bytes() == (STORED / file.name).read_bytes()


def test_a_name_without_a_builder_is_refused(workplace):
    done = run(workplace, "0099")
    assert done.returncode == 2
    assert done.stderr.startswith("no builder for 0099; there are 0000+u1, ")
