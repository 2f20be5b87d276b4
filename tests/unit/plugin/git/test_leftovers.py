"""A text file that is not what it should be as a whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_pmd_migrations.git.leftovers import leftover

NOBODY = 65534


@contextmanager
def as_somebody_without_rights() -> Iterator[None]:
    """Be another user in the block where this one may read every file."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_told_with_what_opens_it() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "0003_c.sql"
        path.write_text("CREATE TABLE t(a);")
        path.chmod(0)
        with as_somebody_without_rights():
            found = leftover(path)
    assert found == ("0003_c.sql may not be read: chmod u+r 0003_c.sql", 1)


def test_a_file_that_is_not_there_or_is_sound_has_nothing(tmp_path: Path) -> None:
    assert leftover(tmp_path / "0001_a.sql") is None
    (tmp_path / "0001_a.sql").write_text("-- <<<<<<< no conflict\n=======x\n")
    assert leftover(tmp_path / "0001_a.sql") is None
