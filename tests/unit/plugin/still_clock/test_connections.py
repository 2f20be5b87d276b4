"""On the package's connections SQL's clock stands still and its dice are seeded; all else is
SQLite's own. The same holds where the functions are replaced one by one, but for two things."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step, clock_moves, later
from pytest_pmd_migrations.still_clock.connections import open_still, still_connections
from pytest_pmd_migrations.still_clock.replaced_functions import replace_functions

from tests.unit.plugin.pythons import each_python, find_python

NOW = "2033-05-18 03:33:20"
HAS_SUBSECONDS = sqlite3.sqlite_version_info >= (3, 42)
SHOWN = {
    "datetime('now')": NOW,
    "datetime()": NOW,
    "DATETIME('NOW', '+1 month', 'start of month')": "2033-06-01 00:00:00",
    "datetime(x'6e6f77')": NOW,
    "date('now')": "2033-05-18",
    "date()": "2033-05-18",
    "time('now', '-1 seconds')": "03:33:19",
    "julianday('now')": 2463735.6481481483,
    "unixepoch()": 2_000_000_000,
    "unixepoch('now', 'auto')": 2_000_000_000,
    "strftime('%s %f %w', 'now')": "2000000000 20.000 3",
    "strftime('%Y')": "2033",
    "CURRENT_TIMESTAMP": NOW,
    "current_date": "2033-05-18",
    "CURRENT_TIME": "03:33:20",
}


def replaced(path: str | Path = ":memory:") -> sqlite3.Connection:
    conn = sqlite3.connect(path)
    replace_functions(conn)
    return conn


def hooked(path: str | Path = ":memory:") -> sqlite3.Connection:
    return open_still(path, sqlite3.Connection)


each_way = pytest.mark.parametrize("connect", [hooked, replaced])
Connect = Callable[[], sqlite3.Connection]


def one(conn: sqlite3.Connection, expression: str, *values: object) -> object:
    return conn.execute(f"SELECT {expression}", values).fetchone()[0]


@pytest.fixture
def still() -> Iterator[sqlite3.Connection]:
    with closing(hooked()) as conn:
        yield conn


@each_way
def test_every_function_shows_the_still_time(connect: Connect) -> None:
    with closing(connect()) as conn:
        assert {expression: one(conn, expression) for expression in SHOWN} == SHOWN


@each_way
def test_functions_of_newer_sqlite_are_held_where_they_are(connect: Connect) -> None:
    with closing(connect()) as conn:
        known = {row[0] for row in conn.execute("SELECT name FROM pragma_function_list")}
        assert ("timediff" in known) == (sqlite3.sqlite_version_info >= (3, 43))
        if "timediff" in known:
            # How it counts the months between two dates depends on SQLite's version.
            expected = one(conn, "timediff('2033-05-18 03:33:20', '2000-01-01')")
            assert one(conn, "timediff('now', '2000-01-01')") == expected
        if HAS_SUBSECONDS:
            assert one(conn, "unixepoch('subsec')") == 2_000_000_000.0
            assert one(conn, "datetime('SUBSECOND', '+1 day')") == "2033-05-19 03:33:20.000"


@each_way
def test_the_clock_of_another_day_and_the_real_one(connect: Connect) -> None:
    with closing(connect()) as conn:
        with later():
            assert one(conn, "datetime('now')") == "2033-05-19 03:33:20"
        with clock_moves():
            assert str(one(conn, "datetime('now')")) < "2033"
        assert one(conn, "datetime('now')") == NOW


TIMES = st.one_of(
    st.none(),
    st.integers(-(10**13), 10**13),
    st.floats(allow_nan=False),
    st.datetimes().map(str),
    st.datetimes().map(lambda time: time.isoformat(timespec="minutes") + "+02:00"),
    st.dates().map(str),
    st.sampled_from(["12:30", "noon", "", "nowhere", "2460000.5", b"2024-02-29"]),
)
MODIFIERS = st.lists(
    st.one_of(
        st.sampled_from(
            ["start of month", "start of year", "start of day", "weekday 3", "unixepoch", "auto"]
        ),
        st.sampled_from(["julianday", "localtime", "utc", "subsec", "ceiling", "+1 month", "junk"]),
        st.integers(-9999, 9999).map("{} days".format),
        st.floats(-99, 99).map("{:.3f} hours".format),
    ),
    max_size=4,
)
FUNCTIONS = st.sampled_from(["date", "time", "datetime", "julianday", "unixepoch"])
CONNECTIONS = sqlite3.connect(":memory:"), hooked(), replaced()


@given(FUNCTIONS, TIMES, MODIFIERS, st.sampled_from(["", "%Y-%m-%dT%H:%M:%f", "%J|%s|%W|%j"]))
def test_what_does_not_ask_the_clock_is_computed_as_ever(
    function: str, time: object, modifiers: list[str], form: str
) -> None:
    values = (*((form,) if form else ()), time, *modifiers)
    call = f"{'strftime' if form else function}({', '.join('?' * len(values))})"
    plain, *others = (one(conn, call, *values) for conn in CONNECTIONS)
    assert others == [plain, plain]


@each_way
def test_the_dice_of_a_step_are_always_the_same_and_no_others_of_another_step(
    connect: Connect,
) -> None:
    def thrown(version: int) -> list[object]:
        begin_step(version)
        with closing(connect()) as conn:
            return [one(conn, "random()"), *(one(conn, "hex(randomblob(9))") for _ in range(3))]

    assert thrown(1) == thrown(1)
    with later():
        other_day = thrown(1)
    every = [*thrown(1), *thrown(2), *other_day]
    assert len(set(every)) == len(every)
    with clock_moves():
        assert thrown(1) != thrown(1)


@each_way
def test_randomblob_takes_what_sqlites_own_takes(connect: Connect) -> None:
    with closing(connect()) as conn:
        sizes = {size: one(conn, "length(randomblob(?))", size) for size in (0, -5, 1, 300, "7x")}
        assert sizes == {0: 1, -5: 1, 1: 1, 300: 300, "7x": 7}
        assert one(conn, "length(randomblob(NULL))") == 1
        conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100)
        with pytest.raises(sqlite3.DataError, match="too big"):
            one(conn, "randomblob(101)")


@each_way
def test_defaults_triggers_and_views_follow(connect: Connect) -> None:
    with closing(connect()) as conn:
        conn.executescript(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, at DEFAULT CURRENT_TIMESTAMP,"
            " token DEFAULT (hex(randomblob(4))));"
            "CREATE TABLE log(at); CREATE VIEW v AS SELECT date('now') AS today;"
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES (datetime()); END;"
        )
        begin_step(5)
        conn.execute("INSERT INTO t(id) VALUES (1), (2)")
        tokens = [row[0] for row in conn.execute("SELECT token FROM t")]
        begin_step(5)
        assert tokens == [one(conn, "hex(randomblob(4))") for _ in range(2)]
        assert conn.execute("SELECT at FROM t UNION SELECT at FROM log").fetchall() == [(NOW,)]
        assert one(conn, "today FROM v") == "2033-05-18"


@each_way
def test_dates_may_stand_in_indexes_checks_and_generated_columns(connect: Connect) -> None:
    with closing(connect()) as conn:
        conn.executescript(
            "CREATE TABLE t(at TEXT CHECK (date(at) IS NOT NULL),"
            " year TEXT AS (strftime('%Y', at)) STORED, day AS (julianday(at)));"
            "CREATE INDEX by_date ON t(date(at, '+1 day')) WHERE unixepoch(at) > 0;"
            "INSERT INTO t(at) VALUES ('2024-02-29 12:00')"
        )
        assert conn.execute("SELECT * FROM t").fetchone() == (
            "2024-02-29 12:00",
            "2024",
            2460370.0,
        )
        assert one(conn, "* FROM pragma_integrity_check") == "ok"
        with pytest.raises(sqlite3.IntegrityError, match="CHECK constraint failed"):
            conn.execute("INSERT INTO t(at) VALUES ('soon')")


REFUSED = (
    "CREATE INDEX i ON t(date('now'))",
    "CREATE INDEX i ON t(a) WHERE b < CURRENT_DATE",
    "CREATE INDEX i ON t(random())",
    "CREATE TABLE u(a CHECK (a < datetime())); INSERT INTO u VALUES (1)",
    "CREATE TABLE u(a, b AS (unixepoch('now')) STORED); INSERT INTO u VALUES (1)",
    "CREATE TABLE u(a, b AS (date(a))); INSERT INTO u VALUES ('now'); CREATE INDEX i ON u(b)",
    "ALTER TABLE t ADD COLUMN c DEFAULT CURRENT_TIMESTAMP",
)


def test_what_sqlite_refuses_it_refuses_here_too() -> None:
    def message(conn: sqlite3.Connection, refused: str) -> str:
        conn.executescript("CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2)")
        with pytest.raises(sqlite3.OperationalError) as caught:
            conn.executescript(refused)
        return str(caught.value)

    for refused in REFUSED:
        with closing(sqlite3.connect(":memory:")) as plain, closing(hooked()) as still:
            assert message(still, refused) == message(plain, refused)


def test_schemas_may_call_the_functions_with_trusted_schema_off(
    still: sqlite3.Connection,
) -> None:
    still.executescript(
        "PRAGMA trusted_schema = OFF;"
        "CREATE TABLE t(id INTEGER PRIMARY KEY, at DEFAULT CURRENT_TIMESTAMP,"
        " token DEFAULT (randomblob(4)), n DEFAULT (random()), CHECK (date(at) > '2000'));"
        "CREATE VIEW v AS SELECT random() AS n, datetime('now') AS at;"
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET n = random(); END;"
        "INSERT INTO t(id) VALUES (1)"
    )
    assert one(still, "at FROM v") == NOW


def test_a_database_that_is_attached_is_held_too(still: sqlite3.Connection) -> None:
    still.executescript(
        "ATTACH ':memory:' AS other; CREATE TABLE other.t(a, at DEFAULT CURRENT_TIMESTAMP);"
        "INSERT INTO other.t(a) VALUES (1)"
    )
    assert one(still, "at FROM other.t") == NOW


def test_copies_of_an_image_are_held_in_memory_and_in_files() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(f"CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob({MEMORY_LIMIT}))")
        large = Image.of_connection(conn)
    for image in (Image(b""), large):
        with closing(image.connect(other=image)) as conn:
            begin_step(7)
            assert one(conn, "datetime('now') || random()") == f"{NOW}{_first_of_step_7()}"


def _first_of_step_7() -> object:
    begin_step(7)
    with closing(replaced()) as conn:
        return one(conn, "random()")


def test_connections_of_others_are_held_in_the_block_only(tmp_path: Path) -> None:
    with still_connections():
        within = sqlite3.connect(tmp_path / "a.db")
        with still_connections(dice=False):
            clock_alone = sqlite3.connect(":memory:")
        nested = sqlite3.connect(":memory:")
    after = sqlite3.connect(":memory:")

    def first_random(conn: sqlite3.Connection) -> object:
        begin_step(3)
        return one(conn, "random()")

    try:
        for conn in (within, nested):
            assert one(conn, "datetime('now')") == NOW
            assert first_random(conn) == first_random(conn)
        assert one(clock_alone, "datetime('now')") == NOW
        assert first_random(clock_alone) != first_random(clock_alone)
        assert str(one(after, "datetime('now')")) < "2033"
        assert first_random(after) != first_random(after)
    finally:
        for conn in (within, clock_alone, nested, after):
            conn.close()


SCRIPT = """
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step
conn = Image(b"").connect()
begin_step(12)
print(conn.execute("SELECT CURRENT_TIMESTAMP, random(), hex(randomblob(12))").fetchone())
"""


@each_python
def test_every_python_gives_the_same(version: str) -> None:
    package = Path(__file__).parents[4] / "src/pytest-pmd-migrations"
    run = subprocess.run(
        [find_python(version), "-S", "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(package), "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    begin_step(12)
    with closing(hooked()) as conn:
        sql = "SELECT CURRENT_TIMESTAMP, random(), hex(randomblob(12))"
        assert run.stdout == f"{conn.execute(sql).fetchone()}\n"
