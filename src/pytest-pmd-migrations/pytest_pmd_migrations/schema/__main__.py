"""Print what differs between the schemas of two database files.

Exits 0 when they are equal, 1 when they differ or only the order of columns does, 2 when a file
cannot be read or an argument is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.schema.compare import compare_databases
from pytest_pmd_migrations.schema.showing.lines import diff_lines

_EXIT_DIFFERENT = 1
_EXIT_UNREADABLE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; writes to standard output and error only."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_pmd_migrations.schema",
        description="Print what differs between the schemas of two SQLite databases",
    )
    parser.add_argument("upgraded", help="Database that was taken to its version step by step")
    parser.add_argument("fresh", help="Database that was built at that version")
    given = parser.parse_args(arguments)
    try:
        diff = compare_databases(given.upgraded, given.fresh)
    except SchemaReadError as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_UNREADABLE
    if not diff:
        sys.stdout.write("equal\n")
        return 0
    count = counted(len(diff.differences), "difference")
    what = "only the order of columns differs" if diff.verdict == "order" else count
    lines = [f"{diff.verdict}: {what}", *(f"  {line}" for line in diff_lines(diff))]
    sys.stdout.write("\n".join(lines) + "\n")
    return _EXIT_DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
