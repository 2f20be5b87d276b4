"""One copy of a database serves many runs, as long as none of them leaves a trace."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.faults.reused_copy import ReusedCopy
from pytest_pmd_migrations.faults.watching.events import RunObserver
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.files.temporary_folder import folders_within

from tests.every import for_every
from tests.unit.plugin.faults.runners import TenLines, case


class Leaves(TenLines):
    """Does one thing, and then fails; remembers which file it was given, and what it kept."""

    def __init__(self, leave) -> None:
        super().__init__()
        self.leave, self.paths, self.kept = leave, [], []

    def upgrade(self, conn, to):  # noqa: ARG002 - a source has it
        path = Path(conn.execute("PRAGMA database_list").fetchone()[2])
        self.paths.append(path)
        self.leave(self, conn, path)
        raise RuntimeError("as always")


def nothing(source, conn, path):
    conn.execute("INSERT INTO notes VALUES (99, 'not committed')")


def a_half_read_statement(source, conn, path):
    source.kept.append(conn.execute("SELECT * FROM notes"))


def a_file_beside_it(source, conn, path):
    path.with_suffix(".bak").write_bytes(b"")


def another_row(source, conn, path):
    conn.execute("DELETE FROM notes WHERE id = 1")
    conn.commit()


@for_every(
    "leave, copies",
    [(nothing, 1), (a_half_read_statement, 3), (a_file_beside_it, 3), (another_row, 3)],
    ids=lambda one: one[0].__name__,
)
def test_a_run_has_the_copy_of_the_one_before_where_that_left_no_trace(
    tmp_path, leave, copies
) -> None:
    source = Leaves(leave)
    with patched_connect(), folders_within(tmp_path), closing(ReusedCopy(case(source))) as copy:
        for _ in range(3):
            assert copy.run(RunObserver()).raised == "RuntimeError: as always"
    assert len(set(source.paths)) == copies
    assert not any(path.exists() for path in source.paths)
