"""Steps that lie in one file: each is known by its own text, in older lock files by the file's."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import (
    find_moved,
    is_edited,
    recorded_text,
    surely_edited,
)
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.snapshots.lock_file import text_digest, write_lock_file
from pytest_pmd_migrations.sources import Location

from tests.unit.plugin.built_application import again, history_of, lock, verdict

HEAD = "from app import migration\n\n\n"
ONE = '@migration(\n    "one"\n)\ndef one(db):\n    db.execute("CREATE TABLE t(a)")\n\n\n'
TWO = 'def two(db):\n    """Add b."""\n    db.execute("ALTER TABLE t ADD COLUMN b")\n\n\n'
THREE = 'async def three(db):\n    db.execute("CREATE TABLE u(a)")\n'
SQL = {
    "one": "CREATE TABLE t(a)",
    "two": "ALTER TABLE t ADD COLUMN b",
    "three": "CREATE TABLE u(a)",
}


class OneFile:
    """Steps that are functions of one file, in their order there."""

    name = "one"

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> Mapping[str, int]:
        """The line of each definition: of its def, or of its decorator where it has one."""
        found: dict[str, int] = {}
        decorator = 0
        for number, line in enumerate(self.path.read_text().splitlines(), 1):
            if line.startswith("@"):
                decorator = number
            if "def " in line:
                found[line.split("def ")[1].partition("(")[0]] = decorator or number
                decorator = 0
        return found

    def versions(self) -> Sequence[int]:
        return range(1, len(self.lines()) + 1)

    def location(self, version: int) -> Location:
        return Location(self.path, list(self.lines().values())[version - 1])

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        version = int(conn.execute("PRAGMA user_version").fetchone()[0])
        for number, name in enumerate(self.lines(), 1):
            if version < number <= to:
                conn.execute(SQL[name])
                conn.execute(f"PRAGMA user_version = {number}")


def written(root: Path, text: str, source: type[OneFile] = OneFile) -> History:
    path = root / "steps.py"
    path.write_text(text)
    return history_of(source(path), SnapshotFolder(root))


def released(root: Path, text: str, source: type[OneFile] = OneFile) -> History:
    history = written(root, text, source)
    return lock(history, released=history.application.versions)


def edited(history: History) -> list[int]:
    return [v for v in history.application.versions if is_edited(history, v)]


def test_a_step_that_is_appended_edits_no_other(tmp_path: Path) -> None:
    history = released(tmp_path, HEAD + ONE + TWO)
    line = history.store.lock_file.versions[1]
    assert line.text.startswith("step-sha256:")
    history = written(tmp_path, f"import re\n{HEAD}{ONE}# More\n{TWO}{THREE}")
    assert edited(history) == []
    assert verdict(history, "0002", "frozen").notes == ()


def test_the_step_alone_is_edited_whose_text_changed(tmp_path: Path) -> None:
    released(tmp_path, HEAD + ONE + TWO + THREE)
    changed = written(tmp_path, HEAD + ONE + TWO.replace("Add b", "Add the column b") + THREE)
    assert edited(changed) == [2]
    assert surely_edited(changed, 2)
    decorated = written(tmp_path, HEAD + ONE.replace('"one"', '"first"') + TWO + THREE)
    assert edited(decorated) == [1]


def test_line_ends_are_no_edit(tmp_path: Path) -> None:
    released(tmp_path, HEAD + ONE + TWO)
    history = written(tmp_path, "")
    (tmp_path / "steps.py").write_bytes((HEAD + ONE + TWO).replace("\n", "\r\n").encode())
    assert edited(history) == []


def test_a_step_that_changed_places_was_renumbered(tmp_path: Path) -> None:
    released(tmp_path, HEAD + ONE + TWO)
    history = written(tmp_path, HEAD + ONE + THREE + "\n\n" + TWO)
    moved = find_moved(history, 2)
    assert moved is not None
    assert (moved.how, moved.was, moved.now, moved.version) == (
        "renumbered",
        "step 0002 of steps.py",
        "step 0003 of steps.py",
        3,
    )
    [finding] = verdict(history, "0002", "frozen").findings
    assert finding.headline == "step 0002 of steps.py was renumbered to step 0003 of step..."
    assert finding.lines[-1] == "Give step 0003 of steps.py its number 0002 back."
    (tmp_path / "steps.py").write_text(HEAD + ONE + "\n\n")
    cause = verdict(again(history), "0002", "frozen").cause
    assert cause is not None
    assert cause.finding.headline == "step 0002 of steps.py was removed after release"
    assert cause.finding.lines[-1] == f"Put it back into {tmp_path}/steps.py, in its old place."


class InFolders(OneFile):
    """Steps whose files have one name, each in a folder of its own."""

    def versions(self) -> Sequence[int]:
        return range(1, len([*self.path.parent.glob("*/m/up.sql")]) + 1)

    def location(self, version: int) -> Location:
        return Location(self.path.parent / f"{version}/m/up.sql")

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        (at,) = conn.execute("PRAGMA user_version").fetchone()
        for number in range(at + 1, to + 1):
            conn.execute(self.location(number).path.read_text())
            conn.execute(f"PRAGMA user_version = {number}")


def test_a_file_is_the_same_where_folders_tell_it_apart_since_then(tmp_path: Path) -> None:
    first, second = tmp_path / "1/m/up.sql", tmp_path / "2/m/up.sql"
    for file, name in ((first, "one"), (second, "three")):
        file.parent.mkdir(parents=True)
        if file == first:
            file.write_text(SQL[name])
            history = released(tmp_path, "", InFolders)
            assert history.store.lock_file.versions[1].file == "up.sql"
    second.write_text(SQL["three"])
    history = again(history)
    assert history.application.file_name(2) == "2/m/up.sql"
    assert find_moved(history, 1) is None
    assert verdict(history, "0001", "frozen").notes == ()
    first.write_text("CREATE TABLE t(b)")
    [finding] = verdict(again(history), "0001", "frozen").findings
    assert finding.headline == "1/m/up.sql was edited after release"


def test_an_older_lock_file_with_the_digest_of_the_file_stays_valid(tmp_path: Path) -> None:
    """What it cannot tell is not told: the file changed, and nobody knows whether the step did."""
    history = released(tmp_path, HEAD + ONE + TWO)
    whole = text_digest((HEAD + ONE + TWO).encode())
    lock_file = history.store.lock_file
    for version, line in lock_file.versions.items():
        lock_file = lock_file.with_version(version, line._replace(text=whole))
    write_lock_file(history.store.lock_path, lock_file)
    assert edited(again(history)) == []
    history = written(tmp_path, HEAD + ONE + TWO + THREE)
    assert edited(history) == [1, 2]
    assert not any(surely_edited(history, version) for version in (1, 2))
    assert [verdict(history, row, "frozen").notes for row in ("0001", "0002")] == [(), ()]


class OwnText(OneFile):
    """It says itself what each step's text is."""

    def text(self, version: int) -> str | bytes:
        return f"step {version}" if version < 3 else b"\xff"


def test_a_source_may_say_each_steps_own_text(tmp_path: Path) -> None:
    history = released(tmp_path, HEAD + ONE + TWO, OwnText)
    assert history.store.lock_file.versions[1].text == "step-" + text_digest(b"step 1")
    history = written(tmp_path, HEAD + TWO + ONE + THREE, OwnText)
    assert edited(history) == []
    assert recorded_text(history.application, 3) == "step-" + text_digest(b"\xff")


def test_a_text_of_another_type_is_refused(tmp_path: Path) -> None:
    class Wrong(OneFile):
        def text(self, version: int) -> int:
            return version

    history = written(tmp_path, HEAD + ONE, Wrong)
    with pytest.raises(SourceError) as caught:
        recorded_text(history.application, 1)
    assert str(caught.value) == (
        "source one: text(1) returned a int; expected the migration's own text, as str or bytes"
    )


def test_a_text_that_is_no_method_is_nobodys_question(tmp_path: Path) -> None:
    class Older(OneFile):
        text = "a source of before"

    history = released(tmp_path, HEAD + ONE + TWO, Older)
    assert history.store.lock_file.versions[1].text.startswith("step-sha256:")


@pytest.mark.parametrize(
    "text", ["def one(db): (\n", "MIGRATIONS = [\n    'one',\n    'two',\n]\n"]
)
def test_where_no_statement_begins_the_text_is_that_of_the_file(tmp_path: Path, text: str) -> None:
    class Listed(OneFile):
        def versions(self) -> Sequence[int]:
            return (1, 2)

        def location(self, version: int) -> Location:
            return Location(self.path, version + 1)

    history = written(tmp_path, text, Listed)
    assert recorded_text(history.application, 1) == text_digest(text.encode())


def test_a_step_may_be_another_statement_than_a_function(tmp_path: Path) -> None:
    class Assigned(OneFile):
        def versions(self) -> Sequence[int]:
            return (1, 2)

        def location(self, version: int) -> Location:
            text = self.path.read_text()
            return Location(self.path, text[: text.index(f"M{version} =")].count("\n") + 1)

    first, second = 'M1 = """\nCREATE TABLE t(a)\n"""\n', 'M2 = "ALTER TABLE t ADD b"'
    history = written(tmp_path, first + second, Assigned)
    before = [recorded_text(history.application, version) for version in (1, 2)]
    history = written(tmp_path, f"{second}\n\n{first}".replace("ADD b", "ADD c"), Assigned)
    after = [recorded_text(history.application, version) for version in (1, 2)]
    assert before[0] == after[0].replace("M2", "M1")
    assert before[1] != after[1]


def test_steps_that_share_a_definition_have_no_text_of_their_own(tmp_path: Path) -> None:
    class Shared(OneFile):
        def versions(self) -> Sequence[int]:
            return (1, 2)

        def location(self, version: int) -> Location:
            return Location(self.path, 8 if version else 1)

    history = written(tmp_path, HEAD + ONE + TWO, Shared)
    assert recorded_text(history.application, 1) == text_digest((HEAD + ONE + TWO).encode())


def test_a_file_of_one_step_is_known_by_its_whole_text(tmp_path: Path) -> None:
    history = written(tmp_path, HEAD + ONE)
    assert recorded_text(history.application, 1) == text_digest((HEAD + ONE).encode())
