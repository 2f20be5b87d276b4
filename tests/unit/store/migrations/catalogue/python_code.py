"""Steps that do what only Python can."""

from __future__ import annotations

from functools import partial

from tests.unit.store.migrations.catalogue.decision import fails, works

passes = partial(fails, says="", instead="it passes through, after the step is undone")


def returned(id, what, kind, body):  # noqa: A002 - the word for it
    return fails(
        id, what, body,
        f"its up returned a {kind} that nobody runs; expected a plain function up(db).",
        "do the work in `up`", error="InvalidMigrationError",
    )  # fmt: skip


DECISIONS = [
    fails("raises", "raises an exception", "raise ValueError('mine')", "ValueError: mine"),
    fails("stop-iteration", "raises StopIteration", "next(iter(()))", "StopIteration: "),
    fails(
        "sql-error",
        "runs SQL that is wrong",
        "db.execute('INSERT INTO nowhere VALUES (1)')",
        "OperationalError: no such table: nowhere",
    ),
    fails(
        "error-without-text",
        "raises an error whose text raises",
        "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd",
        "Odd: (its text raised ValueError)",
    ),
    fails(
        "recursion",
        "recurses without end",
        "def deeper(): deeper()\ndeeper()",
        "RecursionError: maximum recursion depth exceeded",
    ),
    fails("memory-error", "runs out of memory", "raise MemoryError", "MemoryError: "),
    fails(
        "warning-as-error",
        "warns, where warnings are errors",
        "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('error')\n"
        "    warnings.warn('old', DeprecationWarning)",
        "DeprecationWarning: old",
    ),
    passes("system-exit", "calls `sys.exit(0)`", "import sys\nsys.exit(0)", error="SystemExit"),
    passes(
        "keyboard-interrupt",
        "is interrupted by Ctrl-C",
        "raise KeyboardInterrupt",
        error="KeyboardInterrupt",
    ),
    passes("generator-exit", "raises GeneratorExit", "raise GeneratorExit", error="GeneratorExit"),
    returned(
        "returns-coroutine",
        "returns a coroutine",
        "coroutine",
        "async def later(): pass\nreturn later()",
    ),
    returned(
        "returns-async-generator",
        "returns an async generator",
        "async_generator",
        "async def later(): yield\nreturn later()",
    ),
    returned(
        "returns-generator",
        "returns a generator",
        "generator",
        "return (db.execute(sql) for sql in ['DELETE FROM t'])",
    ),
    returned("returns-map", "returns a `map`", "map", "return map(db.execute, ['DELETE FROM t'])"),
    works(
        "returns-value",
        "returns anything else",
        "return db.execute('INSERT INTO t VALUES (7)')",
        "not looked at",
        finds=("SELECT count(*) FROM t", [(4,)]),
    ),
    works(
        "another-thread-swallowed",
        "tries in another thread, which the driver refuses",
        "import threading\ndef work():\n    try: db.execute('INSERT INTO t VALUES (3)')\n"
        "    except db.conn.ProgrammingError: pass\n"
        "thread = threading.Thread(target=work)\nthread.start()\nthread.join()",
        "work in the thread of `up`",
        finds=("SELECT count(*) FROM t", [(3,)]),
    ),
    fails(
        "another-thread",
        "lets that error out",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n"
        "    pool.submit(db.execute, 'INSERT INTO t VALUES (3)').result()",
        "ProgrammingError: SQLite objects created in a thread can only be used in that same"
        " thread.",
        "work in the thread of `up`",
    ),
    fails(
        "interrupt-from-thread",
        "is interrupted from another thread",
        "import threading\ndef struck():\n    other = threading.Thread(target=db.conn.interrupt)\n"
        "    other.start(); other.join()\n    return 1\n"
        "db.conn.create_function('struck', 0, struck)\n"
        "db.execute('INSERT INTO t SELECT x + 100 FROM t WHERE struck()')",
        "OperationalError: interrupted",
    ),
    works(
        "dataclass",
        "defines a dataclass and other Python",
        "from dataclasses import make_dataclass\nRow = make_dataclass('Row', ['x'])\n"
        "db.execute('INSERT INTO t VALUES (?)', [Row(5).x])",
        finds=("SELECT count(*) FROM t WHERE x = 5", [(1,)]),
    ),
]
