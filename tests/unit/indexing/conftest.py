"""A folder of Markdown files, and an empty database, for the tests of indexing."""

from __future__ import annotations

import pytest

from pmd.store.database import Database


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "notes"
    made.mkdir()
    return made


@pytest.fixture
def write(folder):
    """A function that writes a file of the folder, and the folders above it."""

    def write_file(path, content=""):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write_file


@pytest.fixture
def database():
    with Database(":memory:") as opened:
        yield opened
