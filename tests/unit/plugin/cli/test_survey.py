"""Every command surveys once: each lineage is walked, and each stored file read, at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.cli import lineage_survey, survey
from pytest_pmd_migrations.rows import digests
from pytest_pmd_migrations.rows.tables import RowTable

from tests.unit.plugin.cli.conftest import Project

Make = Callable[..., Project]


@given(st.lists(st.text("\r\na"), max_size=4))
def test_a_twin_read_in_pieces_is_the_same_text_whatever_its_line_ends(pieces: list[str]) -> None:
    stored = [piece.encode() for piece in pieces]
    text = b"".join(stored).replace(b"\r\n", b"\n")
    assert b"".join(survey._unix_lines(stored)) == text
    assert survey._same_text(stored, text)
    assert not survey._same_text(stored, text + b"\n")
    assert not survey._same_text([*stored, b"a"], text)


COUNTED = """
from pathlib import Path

from pytest_pmd_migrations import Location


class Counted:
    name = "counted"

    def versions(self):
        return sorted(int(file.stem) for file in Path("steps").iterdir())

    def location(self, version):
        return Location(Path(f"steps/{version}.sql"))

    def upgrade(self, conn, to):
        at = conn.execute("PRAGMA user_version").fetchone()[0]
        for version in range(at + 1, to + 1):
            with Path("taken.txt").open("a") as file:
                file.write(f"{version}\\n")
            script = Path(f"steps/{version}.sql").read_text()
            conn.executescript(f"{script};PRAGMA user_version = {version}")


def pytest_migration_sources(config):
    return [Counted()]
"""


@pytest.fixture
def counted(project: Make, build: Callable[[Project], None]) -> Project:
    """Four versions, each with its snapshot, of a source that writes down each step it takes."""
    made = project()
    made.write("pyproject.toml", "[tool.pytest.ini_options]\nmigration_share = false\n")
    made.write("conftest.py", COUNTED)
    for version in range(1, 5):
        add_version(made, version)
    build(made)
    return made


def add_version(made: Project, version: int) -> None:
    made.write(f"steps/{version}.sql", f"CREATE TABLE t{version}(id INTEGER PRIMARY KEY)")


def steps_taken(made: Project, *command: str) -> dict[int, int]:
    """Return how many times the command takes the step to each version."""
    made.write("taken.txt", "")
    code, text = made.run(*command)
    assert code == 0, text
    return dict(Counter(map(int, (made.path / "taken.txt").read_text().split())))


EACH_LINEAGE = {1: 1, 2: 2, 3: 3, 4: 4}
"""Fresh takes all four steps, 0001 the last three, 0002 the last two, 0003 the last."""


@pytest.mark.parametrize("command", ["check", "snapshot", "release"])
def test_a_command_walks_each_lineage_once(counted: Project, command: str) -> None:
    assert steps_taken(counted, command) == EACH_LINEAGE
    assert steps_taken(counted, command) == EACH_LINEAGE


def test_building_everything_adds_the_step_to_each_snapshot(counted: Project) -> None:
    for file in counted.snapshots.iterdir():
        file.unlink()
    built = Counter({1: 1, 2: 1, 3: 1, 4: 1})
    assert steps_taken(counted, "snapshot") == Counter(EACH_LINEAGE) + built


def test_code_that_gives_other_values_is_refused_before_the_lineages_are_walked(
    project: Make,
) -> None:
    made = project()
    made.write("pyproject.toml", "[tool.pytest.ini_options]\nmigration_share = false\n")
    code = COUNTED.replace(".sql", ".py")
    runs_script = 'conn.executescript(f"{script};'
    assert runs_script in code
    runs_code = """exec(script, {"conn": conn}); conn.execute(f\""""
    made.write("conftest.py", code.replace(runs_script, runs_code))
    for version in (1, 3, 4):
        made.write(f"steps/{version}.py", f"conn.execute('CREATE TABLE t{version}(x)')")
    made.write(
        "steps/2.py",
        "import uuid; conn.execute('CREATE TABLE t2(x)');"
        " conn.execute('INSERT INTO t2 VALUES(?)', [uuid.uuid4().hex]); conn.commit()",
    )
    made.write("taken.txt", "")
    exit_code, text = made.run("snapshot")
    assert exit_code == 1, text
    assert text.startswith("Error: 2.py gives other values in each run; nothing was written")
    fresh, built, again = {1: 1, 2: 1, 3: 1, 4: 1}, {1: 1, 2: 1, 3: 1, 4: 1}, {2: 1, 3: 1, 4: 1}
    compared = {2: 2}
    taken = Counter(map(int, (made.path / "taken.txt").read_text().split()))
    assert taken == sum(map(Counter, (fresh, built, again, compared)), Counter())


def test_a_new_version_adds_the_step_to_its_snapshot(counted: Project) -> None:
    add_version(counted, 5)
    assert steps_taken(counted, "snapshot") == Counter({**EACH_LINEAGE, 5: 5}) + Counter({5: 1})


def test_a_snapshot_that_comes_back_adds_the_step_to_it_and_its_own_lineage(
    counted: Project,
) -> None:
    (counted.snapshots / "0002.db").unlink()
    others, built, own = Counter({1: 1, 2: 2, 3: 2, 4: 3}), Counter({2: 1}), Counter({3: 1, 4: 1})
    assert steps_taken(counted, "snapshot") == others + built + own


def test_a_snapshot_that_is_to_be_rewritten_is_not_walked_as_it_was(counted: Project) -> None:
    others, built, own = Counter({1: 1, 2: 2, 3: 3, 4: 3}), Counter({3: 1, 4: 1}), Counter({4: 1})
    assert steps_taken(counted, "snapshot", "--rewrite", "3") == others + built + own


@pytest.mark.parametrize("command", ["check", "snapshot", "release"])
def test_a_command_reads_each_stored_file_once(
    counted: Project, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    read_bytes, read_text = Path.read_bytes, Path.read_text

    def counted_bytes(path: Path) -> bytes:
        read.append(path)
        return read_bytes(path)

    def counted_text(path: Path, *args: str, **options: str) -> str:
        read.append(path)
        return read_text(path, *args, **options)

    monkeypatch.setattr(Path, "read_bytes", counted_bytes)
    monkeypatch.setattr(Path, "read_text", counted_text)
    assert counted.run(command)[0] == 0
    stored = Counter(path.name for path in read if path.parent == counted.snapshots)
    names = (f"000{version}.{ending}" for version in range(1, 5) for ending in ("db", "sql"))
    assert stored == Counter([*names, "frozen.toml"])


def test_what_a_large_database_held_before_its_first_step_is_not_digested(
    stored: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stored("CREATE TABLE t(a);", "ALTER TABLE t ADD COLUMN b;")
    digested: list[tuple[str, ...]] = []
    digest_columns = digests.digest_columns

    def counted(conn: Connection, table: RowTable, columns: Sequence[str]) -> str:
        digested.append(tuple(columns))
        return digest_columns(conn, table, columns)

    monkeypatch.setattr(digests, "_KNOWN", {})
    monkeypatch.setattr(digests, "digest_columns", counted)
    monkeypatch.setattr(lineage_survey, "MEMORY_LIMIT", 0)
    assert made.run("check")[0] == 0
    # Of the fresh database, empty, after each step; of the stored one, with rows, after its only.
    assert Counter(digested) == {("a",): 1, ("a", "b"): 2}
