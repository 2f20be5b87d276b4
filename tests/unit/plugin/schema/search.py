"""Search for faults of the schema comparison, with other seeds and longer than in the suite.

::

    python -m tests.unit.plugin.schema.search mutants --seed 7 --count 8000
    python -m tests.unit.plugin.schema.search respellings --seed 7 --count 4000
    python -m tests.unit.plugin.schema.search parentheses --seed 7 --count 20000

Prints one line of figures, then each fault; exits 1 where there is one. ``--all`` prints also what
is no fault but may be looked at. ``--pysqlite3`` takes that package's SQLite for Python's.
"""

from __future__ import annotations

import argparse
import importlib
import sys

_SEARCHES = {
    "mutants": ("mutation", "search"),
    "respellings": ("respelling", "search_respellings"),
    "parentheses": ("expressions", "search_parentheses"),
}


def main() -> None:
    """Search, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.unit.plugin.schema.search")
    parser.add_argument("search", choices=_SEARCHES)
    parser.add_argument("--seed", type=int, default=1, help="Where chance begins (default 1)")
    parser.add_argument("--count", type=int, default=8000, help="How many cases (default 8000)")
    parser.add_argument("--all", action="store_true", help="Print what is no fault, too")
    parser.add_argument("--pysqlite3", action="store_true", help="Use the package's SQLite")
    arguments = parser.parse_args()
    if arguments.pysqlite3:
        # Before anything that imports sqlite3.
        sys.modules["sqlite3"] = importlib.import_module("pysqlite3")
    module, function = _SEARCHES[arguments.search]
    search = getattr(importlib.import_module(f"tests.unit.plugin.schema.{module}"), function)
    result = search(arguments.seed, arguments.count)
    sys.stdout.write(f"{result}\n")
    for fault in result.faults:
        sys.stdout.write(f"fault: {fault}\n")
    for doubtful in result.doubtful if arguments.all else ():
        sys.stdout.write(f"no fault: {doubtful}\n")
    sys.exit(bool(result.faults))


if __name__ == "__main__":
    main()
