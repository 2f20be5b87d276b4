"""The stored databases are what their builders make, and hold the rows that bite."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fixtures.builders.build import BUILDERS, STORED, is_same, write

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


def read(name):
    return sqlite3.connect(f"file:{STORED / name}.db?mode=ro&immutable=1", uri=True)


def ask_each(question, names=BUILDERS):
    """Return what `question(conn)` answers for each stored database, by name."""
    answers = {}
    for name in names:
        with closing(read(name)) as conn:
            answers[name] = question(conn)
    return answers


def each_is(expected, names=BUILDERS):
    return dict.fromkeys(names, expected)


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


@pytest.mark.parametrize("name", BUILDERS)
def test_building_twice_gives_the_bytes_that_are_stored(name, tmp_path):
    for folder in ("first", "second"):
        made = write(name, tmp_path / folder)
        for file in (made, made.with_suffix(".sql")):
            assert is_same((STORED / file.name).read_bytes(), file.read_bytes())
        assert made.with_suffix(".sql").read_bytes() == (STORED / f"{name}.sql").read_bytes()


def test_stored_databases_are_small():
    sizes = {name: (STORED / f"{name}.db").stat().st_size for name in BUILDERS}
    assert {name: size for name, size in sizes.items() if size >= LARGEST_FILE} == {}


def test_the_version_of_each_is_the_one_in_its_name():
    versions = ask_each(lambda conn: one(conn, "PRAGMA user_version"))
    assert versions == {name: int(name[:4]) for name in BUILDERS}


def test_each_is_sound():
    assert ask_each(lambda conn: column(conn, "PRAGMA integrity_check")) == each_is(["ok"])


def test_only_the_first_releases_left_rows_that_point_at_nothing():
    dangling = ask_each(lambda conn: set(column(conn, "PRAGMA foreign_key_check")))
    expected = each_is(set()) | each_is({"path_contexts"}, set(BUILDERS) - set(VERSIONED))
    for name in ("0000+u3", "0000+u4", "0000+u5"):
        expected[name] = {"path_contexts", "source_metadata"}
    assert dangling == expected


def test_every_table_has_rows_where_its_release_wrote_some():
    def empty(conn):
        return {t for t in tables(conn) if not one(conn, f'SELECT count(*) FROM "{t}"')}

    assert ask_each(empty) == each_is(set()) | {
        "0000+u5": {"document_metadata"},
        "0000+grown": {"source_metadata"},
        "0001+adopted": {"source_metadata", "document_metadata", "document_tags"},
    }


def test_there_is_a_null_wherever_one_is_allowed():
    def never_null(conn):
        filled = {t for t in tables(conn) if one(conn, f'SELECT count(*) FROM "{t}"')}
        nullable = {
            (table, name)
            for table in filled
            for name in column(
                conn,
                f"SELECT name FROM pragma_table_info('{table}') "
                "WHERE NOT \"notnull\" AND NOT (pk AND type = 'INTEGER')",
            )
        }
        null = {(table, name) for table, name, value in values(conn) if value is None}
        return nullable - null - NEVER_NULL, NEVER_NULL & null

    assert ask_each(never_null) == each_is((set(), set()))


def test_there_are_blobs_where_text_is_declared():
    def without_blobs(conn):
        blobs = {(table, name) for table, name, value in values(conn) if isinstance(value, bytes)}
        expected = {("content", "doc")}
        for table, name in [
            ("path_contexts", "path_prefix"),
            ("path_contexts", "context"),
            ("path_contexts", "created_at"),
            (collections_table(conn), "glob_pattern"),
            (collections_table(conn), "source_config"),
            ("ollama_cache", "result"),
            ("llm_cache", "result"),
        ]:
            if table in tables(conn) and name in columns(conn, table):
                expected.add((table, name))
        if "document_metadata" in tables(conn) and one(
            conn, "SELECT count(*) FROM document_metadata"
        ):
            expected |= {
                ("document_metadata", "tags_json"),
                ("document_metadata", "attributes_json"),
            }
        return expected - blobs

    assert ask_each(without_blobs) == each_is(set())


def test_there_are_blobs_that_are_text_and_blobs_that_are_none():
    def kinds(conn):
        return {is_text(value) for _, _, value in values(conn) if isinstance(value, bytes)}

    assert ask_each(kinds) == each_is({True, False})


def test_the_largest_and_the_smallest_integer_are_there():
    def missing(conn):
        integers = {value for _, _, value in values(conn) if isinstance(value, int)}
        return {LARGEST, SMALLEST} - integers

    assert ask_each(missing) == each_is(set())


def test_a_source_was_fetched_in_part_of_a_millisecond():
    def missing(conn):
        table = "documents" if "source_uri" in columns(conn, "documents") else "source_metadata"
        durations = column(conn, f"SELECT fetch_duration_ms FROM {table}")
        return {12.5, LARGEST, None} - set(durations)

    assert ask_each(missing, WITH_SOURCES) == each_is(set(), WITH_SOURCES)


def test_there_are_empty_strings_quotes_unicode_and_nul():
    def missing(conn):
        texts = {value for _, _, value in values(conn) if isinstance(value, str)}
        parts = ("'", '"', "\0", "練習", "🗂", "e\u0301", "--")
        found = {part for part in parts if any(part in text for text in texts)}
        return {*parts, ""} - found - (texts & {""})

    assert ask_each(missing) == each_is(set())


def test_highest_ids_were_deleted():
    def not_above(conn):
        sequences = dict(conn.execute("SELECT name, seq FROM sqlite_sequence"))
        above = {
            table
            for table, highest in sequences.items()
            if highest > one(conn, f'SELECT coalesce(max(id), 0) FROM "{table}"')
        }
        expected = {"documents", collections_table(conn), "path_contexts", "source_metadata"}
        return ((expected & set(sequences)) | {"documents"}) - above

    assert ask_each(not_above) == each_is(set())


def test_a_table_that_was_emptied_keeps_its_highest_id():
    with closing(read("0000+u5")) as conn:
        assert one(conn, "SELECT count(*) FROM document_metadata") == 0
        assert one(conn, "SELECT seq FROM sqlite_sequence WHERE name = 'document_metadata'") > 0


def test_documents_are_active_removed_and_before_the_check_something_else():
    active = ask_each(lambda conn: set(column(conn, "SELECT active FROM documents")))
    assert active == {name: {0, 1} if name >= FIRST_CHECKED else {0, 1, 2} for name in BUILDERS}


def test_documents_share_texts_and_some_texts_have_no_document():
    def found(conn):
        shared = column(conn, "SELECT hash FROM documents GROUP BY hash HAVING count(*) > 1")
        unused = set(
            column(conn, "SELECT hash FROM content WHERE hash NOT IN (SELECT hash FROM documents)")
        )
        embedded = set(column(conn, "SELECT hash FROM content_vectors"))
        return bool(shared), len(unused) > 1, bool(unused & embedded)

    assert ask_each(found) == each_is((True, True, True))


def test_a_collection_has_several_contexts_and_one_has_none():
    def fewest_and_several(conn):
        table = collections_table(conn)
        if "path_contexts" in tables(conn):
            owner = next(c for c in columns(conn, "path_contexts") if c.endswith("collection_id"))
            count = f"(SELECT count(*) FROM path_contexts WHERE {owner} = {table}.id)"
        else:
            count = "coalesce(json_array_length(contexts), 0)"
        counts = column(conn, f"SELECT {count} FROM {table}")
        return min(counts), max(counts) > 1

    assert ask_each(fewest_and_several) == each_is((0, True))


def test_tags_are_listed_in_every_way():
    listed = ask_each(
        lambda conn: set(column(conn, "SELECT tags_json FROM document_metadata")), WITH_METADATA
    )
    ways = {
        '["winter", "snow", "a\\"b"]',
        "no JSON at all",
        '{"no": "list"}',
        '["x", 1, null, ["y"], ""]',
        b'["a blob"]',
    }
    assert listed == each_is(ways, WITH_METADATA)


def test_some_tags_are_listed_too_and_some_are_not():
    def missing(conn):
        tags = set(conn.execute("SELECT document_id, tag FROM document_tags"))
        return {(1, "winter"), (1, "only here"), (4, "")} - tags

    assert ask_each(missing, WITH_TAGS) == each_is(set(), WITH_TAGS)


def test_a_search_finds_the_documents_in_use():
    def not_found(conn):
        missing = {}
        for word, found in [("harbour", [1]), ("straße", [5]), ("several", [2, 3])]:
            matches = column(
                conn, f"SELECT rowid FROM documents_fts WHERE documents_fts MATCH '{word}'"
            )
            if not set(found) <= set(matches):
                missing[word] = matches
        return missing

    assert ask_each(not_found) == each_is({})


def test_a_contentless_index_still_finds_removed_documents():
    def found(conn):
        removed = set(column(conn, "SELECT id FROM documents WHERE active = 0"))
        indexed = set(column(conn, "SELECT rowid FROM documents_fts"))
        stores_text = "documents_fts_content" in column(conn, "SELECT name FROM sqlite_schema")
        return bool(removed), removed <= indexed, stores_text

    assert ask_each(found, CONTENTLESS) == each_is((True, True, False), CONTENTLESS)


def test_an_index_that_stores_its_text_holds_no_removed_document():
    names = sorted(set(BUILDERS) - set(CONTENTLESS))

    def wrong(conn):
        indexed = set(column(conn, "SELECT rowid FROM documents_fts"))
        removed = set(column(conn, "SELECT id FROM documents WHERE active = 0"))
        active = set(column(conn, "SELECT id FROM documents WHERE active = 1"))
        return indexed & removed, active - indexed

    # Version 8 called a document active that version 7 held for 2, and did not index it.
    expected = each_is((set(), set()), names) | {"0008": (set(), {6})}
    assert ask_each(wrong, names) == expected


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


@pytest.fixture
def run(workplace, warm_python):
    """A function that runs the builders of that folder and returns how that ended."""
    command = (sys.executable, "-m", "fixtures.builders.build")
    return lambda *arguments: warm_python.run(*command, *arguments, cwd=workplace)


def spoil(file: Path) -> bytes:
    content = file.read_bytes() + b"\n"
    file.write_bytes(content)
    return content


def test_the_check_is_silent_when_everything_is_as_built(run):
    done = run("--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_check_names_the_files_that_differ(workplace, run):
    spoil(workplace / "fixtures" / "snapshots" / "0003.sql")
    (workplace / "fixtures" / "snapshots" / "0005.db").unlink()
    done = run("--check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "0003.sql is not what its builder makes",
        "0005.db is not what its builder makes",
    ]
    assert not (workplace / "fixtures" / "snapshots" / "0005.db").exists()


def test_a_stored_file_is_never_overwritten(workplace, run):
    file = workplace / "fixtures" / "snapshots" / "0003.db"
    content = spoil(file)
    done = run("0003")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "0003.db is not what its builder makes\n"
    assert file.read_bytes() == content


def test_a_missing_file_is_built(workplace, run):
    file = workplace / "fixtures" / "snapshots" / "0000+u1.db"
    file.unlink()
    done = run("0000+u1")
    assert (done.returncode, done.stderr) == (0, "")
    assert file.name in done.stdout
    assert is_same((STORED / file.name).read_bytes(), file.read_bytes())


def test_a_name_without_a_builder_is_refused(run):
    done = run("0099")
    assert done.returncode == 2
    assert done.stderr.startswith("no builder for 0099; there are 0000+u1, ")
