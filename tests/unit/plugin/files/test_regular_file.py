"""A file is read; a pipe in its place is never waited for."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.files.regular_file import read_regular


def reason(path: Path) -> str | None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the reason is what is asked
        read_regular(path)
    return caught.value.strerror


def test_a_file_is_read_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0a")
    (tmp_path / "b").symlink_to("a")
    assert read_regular(tmp_path / "b") == b"\0a"


def test_what_is_no_file_is_named_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    monkeypatch.chdir(tmp_path)
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind("socket")
        assert reason(tmp_path / "socket") == "it is a socket, no file"
    assert reason(tmp_path / "link") == "it is a named pipe, no file"
    assert reason(Path(os.devnull)) == "it is a device, no file"
    assert reason(tmp_path) == "Is a directory"
    assert reason(tmp_path / "none") == "No such file or directory"
