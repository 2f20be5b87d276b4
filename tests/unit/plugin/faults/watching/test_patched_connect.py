"""`connect` is replaced wherever a module holds it, and put back."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect

ASKED = """
import sqlite3, sys
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect

class Module:
    asked = 0
    @property
    def __dict__(self):
        self.asked += 1
        return {}

def patch(*held):
    before, module.asked = id(sqlite3.connect), 0
    with patched_connect():
        assert id(sqlite3.connect) == id(sqlite3.dbapi2.connect) != before
    assert id(sqlite3.connect) == id(sqlite3.dbapi2.connect) == before
    return module.asked

sys.modules["a_module"] = module = Module()
print(patch(), patch(), patch(), patch(sqlite3.connect), patch())
"""


def test_modules_are_looked_through_once_until_something_new_holds_it() -> None:
    # One that is forked knows who held it.
    run = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("1 0 0 1 0\n", "")


def test_a_name_that_a_module_imported_is_replaced_and_given_back():
    original = sqlite3.connect
    module = type(sys)("an_application")
    module.open_it = original
    sys.modules["an_application"] = module
    try:
        with patched_connect():
            pass  # By now it knows who had it.
        module.as_it_calls_it = original
        with patched_connect():
            assert module.as_it_calls_it is module.open_it
            assert module.open_it is not original
            assert sqlite3.connect is sqlite3.dbapi2.connect is module.open_it
            with closing(module.open_it(":memory:")) as conn:
                assert type(conn) is sqlite3.Connection
        assert module.open_it is module.as_it_calls_it is sqlite3.connect is original
    finally:
        del sys.modules["an_application"]
