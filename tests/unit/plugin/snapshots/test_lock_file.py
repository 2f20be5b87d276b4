"""The lock file: written lines are read again, and an unreadable line is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_pmd_migrations.errors import LockFileError
from pytest_pmd_migrations.snapshots.lock_file import (
    LockFile,
    SnapshotLine,
    VersionLine,
    lock_file_text,
    read_lock_file,
    text_digest,
    write_lock_file,
)
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName
from pytest_pmd_migrations.snapshots.written_lock_lines import written_lock_toml

from tests.every import for_every

LOCK = LockFile(
    {
        1: VersionLine(
            "0001_initial.py",
            "sha256:aa",
            "sha256:bb",
            {SnapshotName(0, "u1"): "cc"},
            released=True,
        )
    },
    {SnapshotName(1): SnapshotLine("sha256:dd", {"notes": 3})},
)


def test_the_text_of_a_lock() -> None:
    assert lock_file_text(LOCK) == (
        "# What every version gave when its snapshot was stored."
        " Written by pmd-migrations; commit it.\n"
        "format = 1\n"
        "\n"
        "[versions.0001]\n"
        'file = "0001_initial.py"\n'
        "released = true\n"
        'text = "sha256:aa"\n'
        'schema = "sha256:bb"\n'
        "[versions.0001.rows]\n"
        '"0000+u1" = "cc"\n'
        "\n"
        '[snapshots."0001"]\n'
        'digest = "sha256:dd"\n'
        '[snapshots."0001".rows]\n'
        '"notes" = 3\n'
    )


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
snapshot_names = st.builds(SnapshotName, st.integers(0, 2**31 - 1), st.sampled_from(["", "u1"]))
starts = st.one_of(st.just(FRESH), snapshot_names)
version_lines = st.builds(
    VersionLine,
    names,
    names,
    names,
    st.dictionaries(starts, names, max_size=3),
    st.booleans(),
    st.one_of(st.just(""), names),
    st.one_of(st.none(), st.lists(names, max_size=2).map(tuple)),
    st.none(),
    st.booleans(),
)
snapshot_lines = st.builds(
    SnapshotLine, names, st.dictionaries(names, st.integers(0, 9), max_size=3)
)


@given(
    st.builds(
        LockFile,
        st.dictionaries(st.integers(1, 2**31 - 1), version_lines, max_size=3),
        st.dictionaries(snapshot_names, snapshot_lines, max_size=3),
    )
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, lock: LockFile
) -> None:
    path = tmp_path_factory.mktemp("lock") / "frozen.toml"
    path.write_text(lock_file_text(lock), encoding="utf-8")
    assert read_lock_file(path) == lock


PIECES = (*'"\\\n\r\t#[]=10é', ".rows", " = ", "true", ", ")
plain_locks = st.builds(
    lambda line, names: LockFile(
        dict.fromkeys((1, 12), line),
        {SnapshotName(1): SnapshotLine("sha256:dd", dict.fromkeys(names, 10))},
    ),
    st.sampled_from(
        (LOCK.versions[1], LOCK.versions[1]._replace(volatile=("a.b", "c.*"), marks=True, rows={}))
    ),
    st.sets(st.sampled_from(("t", "sqlite_sequence", "ünï code", "[x]"))),
)


BETWEEN_DIGESTS = lock_file_text(LOCK).index('"', lock_file_text(LOCK).index(".rows]\n"))
edits = st.tuples(st.integers(0, 700), st.integers(0, 90), st.sampled_from(PIECES))


@given(plain_locks, st.lists(edits, max_size=2))
@example(LOCK, [(BETWEEN_DIGESTS, 0, "1")])
def test_what_is_read_quickly_is_what_toml_reads(
    lock_file: LockFile, edited: list[tuple[int, int, str]]
) -> None:
    text = lock_file_text(lock_file)
    assert written_lock_toml(text) == tomllib.loads(text)
    for at, length, piece in edited:
        # Cut out, put in, or said twice.
        new = piece if length < 45 else text[at : at + length]
        text = text[:at] + new + text[at + length % 9 :]
    found = written_lock_toml(text)
    if found is not None:
        assert found == tomllib.loads(text)


def test_a_missing_file_is_an_empty_lock(tmp_path: Path) -> None:
    assert read_lock_file(tmp_path / "frozen.toml") == LockFile()
    assert LockFile().newest_released == 0


def test_lines_are_added_without_touching_the_others() -> None:
    line = VersionLine("0002_more.py", "t", "s", {})
    longer = LOCK.with_version(2, line).with_snapshot(SnapshotName(2), SnapshotLine("d", {}))
    assert longer.versions == {1: LOCK.versions[1], 2: line}
    assert list(longer.snapshots) == [SnapshotName(1), SnapshotName(2)]
    assert longer.newest_released == 1


@for_every(
    "text, message",
    [
        (
            "format = 2\n",
            "{path} has format 2; expected 1."
            " Install the version of pytest-pmd-migrations that wrote it.",
        ),
        (
            "format = 1\n[versions.0001]\nfile = 'x'\n",
            "{path}, line 2: [versions.0001] has no 'released'; expected what pmd-migrations"
            " writes. Restore it: git checkout HEAD -- {path}",
        ),
        (
            "format = 1\n[versions.0001]\nreleased = 'yes'\n",
            "{path}, line 2: [versions.0001] cannot be used: released is 'yes'; expected what"
            " pmd-migrations writes. Restore it: git checkout HEAD -- {path}",
        ),
        *(
            (
                "format = 1\n[versions.0001]\nfile = ''\ntext = ''\nschema = ''\nrows = {}\n"
                f"released = true\nvolatile = {globs}\n",
                f"{{path}}, line 2: [versions.0001] cannot be used: volatile is {globs}; expected"
                " what pmd-migrations writes. Restore it: git checkout HEAD -- {path}",
            )
            for globs in ("'t.at'", "['t.at', 3]")
        ),
        (
            "format = 1\n[versions]\n'0001' = 3\n",
            "{path}, line 1: [versions.0001] cannot be used: it is 3; expected what"
            " pmd-migrations writes. Restore it: git checkout HEAD -- {path}",
        ),
        (
            "format = 1\nsnapshots = []\n",
            "{path} has snapshots = [], which is no table; expected what pmd-migrations writes."
            " Restore it: git checkout HEAD -- {path}",
        ),
    ],
)
def test_a_broken_lock_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "frozen.toml"
    path.write_text(text)
    with pytest.raises(LockFileError) as caught:
        read_lock_file(path)
    assert str(caught.value) == message.format(path=path)


def test_the_digest_of_a_text_does_not_depend_on_its_line_ends() -> None:
    assert text_digest(b"a\r\nb\n") == text_digest(b"a\nb\n") != text_digest(b"a\nb")


def test_a_lock_in_the_place_of_whose_folder_there_is_a_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert read_lock_file(tmp_path / "file/frozen.toml") == LockFile()


def test_a_lock_is_written_whole_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/frozen.toml"
    write_lock_file(path, LOCK)
    assert read_lock_file(path) == LOCK
    assert [file.name for file in path.parent.iterdir()] == ["frozen.toml"]


def test_rows_of_something_that_is_no_lineage_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "frozen.toml"
    path.write_text(lock_file_text(LOCK).replace('"0000+u1" = "cc"', 'elsewhere = "cc"'))
    with pytest.raises(LockFileError) as caught:
        read_lock_file(path)
    assert str(caught.value) == (
        f"{path}, line 4: [versions.0001] cannot be used: rows names 'elsewhere', which is neither"
        f" a snapshot nor fresh; expected what pmd-migrations writes. Restore it:"
        f" git checkout HEAD -- {path}"
    )
