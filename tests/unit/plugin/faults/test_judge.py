"""What a fault leaves, in one word: a small runner for each."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults import KINDS, MODES, Point, StruckPoint, try_faults
from pytest_pmd_migrations.faults.database_files import DatabaseFiles
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.crash import Crash
from pytest_pmd_migrations.faults.kinds.deny import Deny
from pytest_pmd_migrations.faults.kinds.interleave import Interleave
from pytest_pmd_migrations.faults.kinds.interrupt import Interrupt
from pytest_pmd_migrations.faults.kinds.power.power import Power
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect

from tests.unit.plugin.faults.runners import STEPS, OwnConnection, Piecemeal, TenLines, case, notes


def first_broken(struck) -> StruckPoint:
    return next(one for one in struck if one.broken)


def piecemeal(*statements):
    return case(Piecemeal(steps={2: statements}))


KEEP = "CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, body TEXT)"
COPY = "INSERT INTO kept(body) SELECT body FROM notes"


@pytest.mark.parametrize("mode", MODES)
def test_a_correct_runner_is_old_or_new_whatever_strikes(mode):
    """No false alarm: crash, and every kind of error."""
    kinds = [kind for kind in KINDS if kind.name not in ("kill", "memory", "interleave", "power")]
    struck = try_faults(case(TenLines(), mode), kinds).struck
    assert {one.left for one in struck} == {"old", "new"}
    assert {one.point.kind for one in struck} == {kind.name for kind in kinds}


def test_real_kills_and_memory_say_what_crash_and_full_say():
    kinds = [kind for kind in KINDS if kind.name in ("crash", "kill", "memory")]
    struck = try_faults(case(TenLines()), kinds).struck
    told = {(one.point.unit, one.point.at): one for one in struck if one.point.kind == "crash"}
    kills = [one for one in struck if one.point.kind == "kill"]
    assert len(kills) == 10
    for kill in kills:
        crash = told[kill.point.unit, kill.point.at]
        assert (kill.left, kill.version) == (crash.left, crash.version)
        assert kill.point.where == crash.point.where
    assert {one.left for one in struck if one.point.kind == "memory"} <= {"old", "new"}


def test_the_points_of_a_run_and_what_is_left_at_each():
    """The same on every Python, worker and run: pinned but for ticks, which are SQLite's."""
    struck = try_faults(case(TenLines()), [Crash(), Interrupt(), Deny()]).struck
    shown = [
        f"{one.point.where}: {one.left}" for one in struck if one.point.unit in ("statement", "end")
    ]
    assert len(shown) == 10 + 9
    assert shown[:10] == [
        "killed before statement 1 of 9: old",
        "killed after statement 1 of 9: old",
        "killed after statement 2 of 9: old",
        "killed after statement 3 of 9: old",
        "killed after statement 4 of 9: old",
        "killed after statement 5 of 9: old",
        "killed after statement 6 of 9: old",
        "killed after statement 7 of 9: old",
        "killed after statement 8 of 9: old",
        "killed after statement 9 of 9: new",
    ]


def test_two_steps_in_one_run_can_end_between():
    steps = {**STEPS, 3: ("CREATE TABLE more (id INTEGER)",)}
    struck = try_faults(replace(case(TenLines(steps=steps)), to=3), [Crash(), Deny()]).struck
    assert {one.left for one in struck} == {"old", "mid", "new"}


def test_torn_is_what_a_retry_mends():
    struck = try_faults(
        piecemeal(KEEP, "CREATE INDEX IF NOT EXISTS by_body ON kept(body)"), [Deny()]
    ).struck
    found = first_broken(struck)
    assert (found.left, found.version, found.retry) == ("torn", 1, "")
    assert found.point.where == "denied in statement 3 of 4"
    assert found.said == "raised DatabaseError: not authorized"
    assert found.differences == ("only in found      table kept (2 columns)",)


def test_wedged_is_where_a_retry_raises():
    found = first_broken(try_faults(case(Piecemeal()), [Crash()]).struck)
    assert (found.left, found.version) == ("wedged", 1)
    assert found.differences == (
        "only in found      column notes.words INTEGER",
        "table notes has other values in its 12 rows",
    )
    assert found.retry == "raises OperationalError: duplicate column name: words"


def test_wrong_is_where_a_retry_doubles_rows():
    struck = try_faults(piecemeal(KEEP, COPY), [Crash()]).struck
    found = next(one for one in struck if one.left == "wrong")
    assert found.point.where == "killed after statement 3 of 4"
    assert found.retry == "reports success, but table kept has 24 of 12 rows"


def test_lost_is_where_rows_are_gone_after_a_retry():
    """DROP and IF NOT EXISTS: the retry finds nothing to copy, and says it is done."""
    rebuild = (
        "DROP TABLE IF EXISTS kept",
        "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, body TEXT)",
        "CREATE TABLE kept AS SELECT * FROM notes",
        "DROP TABLE notes",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)",
        "INSERT INTO notes SELECT * FROM kept",
        "DROP TABLE kept",
    )
    found = next(
        one for one in try_faults(piecemeal(*rebuild), [Crash()]).struck if one.left == "lost"
    )
    assert found.point.where == "killed after statement 5 of 9"
    assert found.retry == "reports success, but notes lost 12 of 12 rows"


def test_high_water_marks_of_autoincrement_that_are_set_back_are_lost():
    """The rows are the same; the id of a row deleted long ago would be given out again."""
    own = "id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT"
    first = (
        f"CREATE TABLE kept ({own})",
        "INSERT INTO kept VALUES (99, 'gone')",
        "DELETE FROM kept",
        "INSERT INTO kept SELECT 1, 'a' WHERE NOT EXISTS (SELECT 1 FROM kept)",
    )
    source = Piecemeal(steps={2: first})
    with patched_connect():
        judge = Judge(case(source))
        judge.check_plain_run()
        point = Point("crash", "rollback", "end", 0, "killed")
        image = case(source).plain_run.files.database
        assert judge.after_kill(point, DatabaseFiles(image)).left == "new"
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.deserialize(image)
            conn.execute("UPDATE sqlite_sequence SET seq = 1")
            conn.commit()
            found = judge.after_kill(point, DatabaseFiles(conn.serialize()))
    assert (found.left, found.differences) == (
        "lost",
        ("table sqlite_sequence has other values in its 1 row",),
    )


@pytest.mark.parametrize("mode", MODES)
def test_files_that_a_run_without_a_fault_had_are_judged_without_opening_them(mode):
    """Their verdict is that of files that are opened, and upgraded once more."""
    point, found = Point("crash", mode, "end", 0, "killed"), {}
    for share in (True, False):
        subject, opened = replace(case(TenLines(), mode), share=share), []
        judge = Judge(subject, before_opening=lambda: opened.append(1))  # noqa: B023 - called below
        with patched_connect():
            before = judge.after_kill(point, subject.start_files)
            judge = Judge(subject, before_opening=lambda: opened.append(1))  # noqa: B023 - likewise
            judge.check_plain_run()
            known = [subject.start_files, subject.plain_run.files]
            found[share] = [before, *(judge.after_kill(point, files) for files in known)]
        assert len(opened) == (1 if share else 3)
    assert found[True] == found[False]
    assert [one.left for one in found[True]] == ["old", "old", "new"]


def test_files_that_sqlite_recovers_to_the_same_bytes_are_judged_once(tmp_path):
    """A journal that begins with a zero says nothing: SQLite lets it lie."""

    class Noted(TenLines):
        def upgrade(self, conn, to):
            with (tmp_path / "note").open("a") as file:
                file.write("run\n")
            super().upgrade(conn, to)

    subject = case(Noted())
    point = Point("crash", "rollback", "end", 0, "killed")
    with patched_connect():
        judge = Judge(subject)
        judge.check_plain_run()
        (tmp_path / "note").write_text("")
        start = subject.start_files.database
        for size in (0, 600, 700):
            assert judge.after_kill(point, DatabaseFiles(start, bytes(size))).left == "old"
    assert (tmp_path / "note").read_text() == "run\n"


def test_corrupt_is_what_sqlite_cannot_read():
    subject = case(TenLines())
    judge = Judge(subject)
    point = Point("crash", "rollback", "end", 0, "killed")
    content = bytearray(subject.before.content)
    content[1024:1200] = b"\xff" * 176
    found = judge.after_kill(point, DatabaseFiles(bytes(content)))
    assert found.left == "corrupt"
    found = judge.after_kill(point, DatabaseFiles(b"no database at all, but long enough" * 100))
    assert found.differences == ("it cannot be opened: file is not a database",)


class Swallows(TenLines):
    """Says it is done whatever happened."""

    def upgrade(self, conn, to):
        try:
            super().upgrade(conn, to)
        except sqlite3.Error:
            return


def test_damage_that_the_step_does_without_a_fault_is_no_faults_doing():
    """In an index, "b" is a text until a column of that name comes: its rows are wrong then."""
    damaging = (
        'CREATE INDEX words ON notes(body, "b")',
        "ALTER TABLE notes ADD COLUMN b INTEGER",
    )
    struck = try_faults(case(TenLines(steps={2: damaging}), rows=3), [Crash(), Interrupt()]).struck
    assert {one.left for one in struck} == {"old", "new"}


def test_lied_is_success_without_the_result():
    found = first_broken(try_faults(case(Swallows()), [Deny()]).struck)
    assert (found.left, found.version, found.said) == ("lied", 1, "reported success")


class Random(TenLines):
    """Writes another value each time, thrown by Python's dice."""

    def upgrade(self, conn, to):
        self.steps = {2: (f"CREATE TABLE dice AS SELECT {random.getrandbits(60)} AS face",)}
        super().upgrade(conn, to)


def test_what_differs_from_run_to_run_must_be_named():
    with pytest.raises(InjectionError) as caught:
        try_faults(replace(case(Random()), volatile_setting=("notes.at",)), [Crash()])
    assert str(caught.value) == (
        "two runs without a fault differ, from 0001 to 0002: table dice has other values in its"
        " 1 row. The step asks a clock or dice of its own (SQL's are held). Let no check compare"
        ' what they give: migration_volatile = ["notes.at", "dice.face"]'
    )
    source = Random()
    source.volatile = ("dice.face",)
    assert not any(one.broken for one in try_faults(case(source), [Crash()]).struck)
    setting = replace(case(Random()), volatile_setting=("DICE.*",))
    assert not any(one.broken for one in try_faults(setting, [Crash()]).struck)


def test_a_schema_that_differs_from_run_to_run_is_told_as_that():
    class Chance(TenLines):
        def upgrade(self, conn, to):
            self.steps = {2: (f"CREATE TABLE dice(face DEFAULT {random.getrandbits(60)})",)}
            super().upgrade(conn, to)

    with pytest.raises(InjectionError) as caught:
        try_faults(case(Chance()), [Crash()])
    assert re.sub(r"\d{9,}", "N", str(caught.value)) == (
        "two runs without a fault differ, from 0001 to 0002: different column dice.face; default;"
        " found: N; expected: N. A step writes a time or a value by chance into its SQL. Let it"
        " write what is always the same; in CREATE TABLE, DEFAULT CURRENT_TIMESTAMP gives each new"
        " row its time."
    )


def test_a_trigger_that_draws_values_is_named():
    class Draws(TenLines):
        def upgrade(self, conn, to):
            conn.create_function("face", 0, lambda: random.getrandbits(60))
            trigger = "CREATE TRIGGER r AFTER INSERT ON dice BEGIN UPDATE dice SET a = face(); END"
            step = "CREATE TABLE dice(a)", trigger, "INSERT INTO dice VALUES (1)"
            self.steps = {2: step}
            super().upgrade(conn, to)

    with pytest.raises(InjectionError) as caught:
        try_faults(case(Draws()), [Crash()])
    assert str(caught.value) == (
        "two runs without a fault differ, from 0001 to 0002: table dice has other values in its"
        " 1 row. The trigger r on dice calls face(). Where that function of the application's gives"
        " other values in each run, let it give the same, or let the step write the value itself;"
        " else the step asks a clock or dice of its own. Let no check compare what they give:"
        ' migration_volatile = ["dice.a"]'
    )


def test_another_number_of_rows_each_time_has_no_setting():
    class Grows(TenLines):
        runs = 0

        def upgrade(self, conn, to):
            Grows.runs += 1
            values = ", ".join(["(1)"] * Grows.runs)
            self.steps = {2: ("CREATE TABLE t(a)", f"INSERT INTO t VALUES {values}")}
            super().upgrade(conn, to)

    with pytest.raises(InjectionError) as caught:
        try_faults(case(Grows()), [Crash()])
    assert str(caught.value) == (
        "two runs without a fault differ, from 0001 to 0002: table t has 2 of 1 row."
        " Let the same database give the same rows"
    )


@pytest.mark.parametrize(
    ("runner", "mode", "kinds"),
    [
        (TenLines, "rollback", (Crash(), Deny(), Power())),
        (OwnConnection, "wal", (Crash(), Interleave())),
    ],
)
def test_sqls_own_clock_and_dice_are_held_in_every_connection_of_the_runner(runner, mode, kinds):
    asks = (
        "CREATE TABLE asked(at DEFAULT CURRENT_TIMESTAMP, token DEFAULT (hex(randomblob(8))), n)",
        "INSERT INTO asked(n) SELECT random() FROM notes",
    )
    struck = try_faults(case(runner(steps={2: asks}), mode, rows=1), kinds).struck
    assert {one.point.kind for one in struck} == {kind.name for kind in kinds if not kind.lacking}
    assert not [one for one in struck if one.broken]


def test_an_interrupted_write_rolls_back_what_came_before():
    """The statements after it commit by themselves, in a runner that goes on."""

    class GoesOn(TenLines):
        def upgrade(self, conn, to):
            conn.isolation_level = None
            conn.execute("BEGIN IMMEDIATE")
            for statement in (*self.steps[to], f"PRAGMA user_version = {to}"):
                with suppress(sqlite3.OperationalError):
                    conn.execute(statement)
            if conn.in_transaction:
                conn.execute("COMMIT")

    found = first_broken(try_faults(case(GoesOn()), [Interrupt()]).struck)
    assert (found.left, found.version) == ("lied", 2)
    assert notes().content
