"""`connect` is replaced wherever a module holds it, and put back."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect


def test_a_name_that_a_module_imported_is_replaced_and_given_back():
    original = sqlite3.connect
    module = type(sys)("an_application")
    module.open_it = original
    sys.modules["an_application"] = module
    try:
        with patched_connect():
            assert module.open_it is not original
            assert sqlite3.connect is sqlite3.dbapi2.connect is module.open_it
            with closing(module.open_it(":memory:")) as conn:
                assert type(conn) is sqlite3.Connection
        assert module.open_it is sqlite3.connect is original
    finally:
        del sys.modules["an_application"]
