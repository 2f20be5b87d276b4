"""A lock file that a merge, an editor, a cut or git-lfs spoilt: what it is, and what mends it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import LockFileError
from pytest_pmd_migrations.snapshots.lock_file import LockFile, VersionLine, lock_file_text
from pytest_pmd_migrations.snapshots.lock_file import read_lock_file as read

ONE = VersionLine("0001_initial.py", "sha256:aa", "sha256:bb", {}, released=True)
TWO = VersionLine("0002_more.py", "sha256:cc", "sha256:dd", {})
TEXT = lock_file_text(LockFile({1: ONE, 2: TWO}))
RESTORE = "expected what pmd-migrations writes. Restore it: git checkout HEAD -- frozen.toml"
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
OURS = "<<<<<<< HEAD\nfile = 'a'\n"
BASE = "||||||| 1f0a77b\nfile = 'z'\n"
THEIRS = "=======\nfile = 'b'\n>>>>>>> topic\n"
MEND = (
    "Take all snapshots of the side that was merged first (--ours in a rebase):"
    " git checkout --theirs -- .. Where a migration of the other side has a number that is taken"
    " then, give it the next free one. Then: pmd-migrations snapshot"
)
DELETE = (
    "expected it once. Where two branches gave two migrations one number, give the newer the next"
    " free one. Delete the lines that are not of the migration that stays, then:"
    " pmd-migrations snapshot"
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(content: str | bytes) -> str:
    path = Path.cwd() / "frozen.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LockFileError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (TEXT + OURS + THEIRS, f"frozen.toml has a merge conflict in line 17. {MEND}"),
        (TEXT + OURS + BASE + THEIRS, f"frozen.toml has a merge conflict in line 17. {MEND}"),
        (
            (TEXT + OURS + BASE + THEIRS + OURS + THEIRS).replace("\n", "\r\n"),
            f"frozen.toml has 2 merge conflicts, the first in line 17. {MEND}",
        ),
        (TEXT + "=======\n", f"frozen.toml has a merge conflict in line 17. {MEND}"),
        (TEXT + ">>>>>>> topic\n", f"frozen.toml has a merge conflict in line 17. {MEND}"),
    ],
    ids=["two sides", "with their base", "several, CRLF", "a rest of one", "another rest"],
)
def test_a_merge_conflict(content: str, message: str) -> None:
    assert said(content) == message


RELEASED, NOT_YET = "released = true\n", "released = false\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "option"),
    [(NOT_YET, RELEASED, "--theirs"), (RELEASED, NOT_YET, "--ours"), (2 * RELEASED, "", "--ours")],
)
def test_a_merge_conflict_is_not_mended_by_taking_a_release_back(
    ours: str, theirs: str, option: str
) -> None:
    base = "||||||| 1f0a77b\n" + 3 * RELEASED
    text = f"<<<<<<< HEAD\n{ours}{base}=======\n{theirs}>>>>>>> topic\n"
    mend = f"Take all snapshots of the side that has released more: git checkout {option} -- ."
    assert mend in said(TEXT + text)


@pytest.mark.parametrize("again", ["0002", "2", '"0002"', "'00002'"])
def test_one_version_twice(again: str) -> None:
    assert said(f"{TEXT}\n[versions.{again}]\nfile = 'x'\n") == (
        "frozen.toml has version "
        + again.strip("\"'")
        + f" twice, in line 11 and in line 18; {DELETE}"
    )


def test_one_snapshot_twice() -> None:
    assert said(f"{TEXT}[snapshots.'0001']\n[snapshots.\"0001\"]\n") == (
        "frozen.toml has snapshot 0001 twice, in line 17 and in line 18; "
        + DELETE.replace("of the migration that", "of the file that")
    )


def test_one_value_twice() -> None:
    assert said(TEXT.replace("released = true\n", "released = true\nreleased = false\n")) == (
        f"frozen.toml, line 7: Cannot overwrite a value, in 'released = false'; {RESTORE}"
    )


def test_a_file_that_was_cut_anywhere_says_where() -> None:
    keys = ("released", "file", "text", "schema", "rows")
    lacks = f"frozen.toml, line 11: [versions.0002] has no 'KEY'; {RESTORE}"
    allowed = {lacks.replace("KEY", key) for key in keys}
    cuts = range(len(TEXT) - 2, TEXT.index("[versions.0002]") + 16, -1)
    assert len(cuts) > 90
    for cut in cuts:
        lines = TEXT[:cut].rstrip("\n").splitlines()
        ends = (
            f"frozen.toml ends in the middle of line {len(lines)}: {lines[-1].strip()!r}; {RESTORE}"
        )
        assert said(TEXT[:cut]) in {ends, *allowed}, cut


def test_an_empty_file() -> None:
    for nothing in (b"", b"\n\n", b"\xef\xbb\xbf"):
        assert said(nothing) == f"frozen.toml is empty; {RESTORE}"
    assert said(b"# only\n") == f'frozen.toml has no "format = 1"; {RESTORE}'


def test_another_encoding() -> None:
    assert said(TEXT.replace("0002_more", "0002_größe").encode("latin-1")) == (
        f"frozen.toml, line 12: byte 0xf6 is no UTF-8; {RESTORE}"
    )
    assert said(TEXT.encode("utf-16")) == (
        f"frozen.toml is UTF-16, as an editor or a shell saved it; {RESTORE}"
    )


def test_a_byte_order_mark_and_other_line_ends_mean_nothing(tmp_path: Path) -> None:
    (tmp_path / "frozen.toml").write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert read(tmp_path / "frozen.toml") == LockFile({1: ONE, 2: TWO})


def test_a_pointer_of_git_lfs() -> None:
    assert said(POINTER) == (
        "frozen.toml is a git-lfs pointer, which stands for the file that git-lfs keeps elsewhere."
        " Fetch it: git lfs install && git lfs pull"
    )


def test_a_folder_in_its_place() -> None:
    Path("frozen.toml").mkdir()
    with pytest.raises(LockFileError) as caught:
        read(Path.cwd() / "frozen.toml")
    assert str(caught.value) == (
        "frozen.toml is a folder; expected the file that pmd-migrations writes. Move it away, and"
        " restore the file: git checkout HEAD -- frozen.toml"
    )


def test_a_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path.cwd() / "frozen.toml"
    path.write_text(TEXT)
    path.chmod(0)
    if os.geteuid() == 0:  # root may read every file
        monkeypatch.setattr(Path, "read_bytes", _denied)
    with pytest.raises(LockFileError) as caught:
        read(path)
    assert str(caught.value) == (
        "frozen.toml cannot be read: Permission denied. Make it readable: chmod u+r frozen.toml"
    )


def _denied(path: Path) -> bytes:
    raise PermissionError(13, "Permission denied", str(path))
