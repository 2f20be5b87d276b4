"""Part the lines of a finding: what was seen, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["part_advice", "without_shared_indent"]

_BEGINS = re.compile(
    r"""\s*(?:
        where[ ](?:that|it|this)[ ]is[ ](?:meant|released)
        | (?:Make|Undo|Put|Give|Store|Restore|Take|Write|Rename|Renumber)[ ]
        | (?:Remove|Move|Let|Delete|Add)[ ]
        | Usually[ ]the[ ]runner
        | Two[ ]programs[ ]that[ ]open
        | What[ ]was[ ]reported[ ]as[ ]done
        | CHANGES[ ]never[ ]excuses
        | INSERT[ ]without[ ]column[ ]names
        | (?:.*[ ])?pmd-migrations[ ](?:new|snapshot|declare|release|init)\b
    )""",
    re.VERBOSE,
)


def part_advice(lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the evidence, and what to do: from the first line that begins an advice to the end.

    Where no line begins one, all is evidence: a line ``mend:`` stays beside what it mends.
    """
    starts = [number for number, line in enumerate(lines) if _BEGINS.match(line)]
    end = starts[0] if starts else len(lines)
    return tuple(lines[:end]), tuple(lines[end:])


def without_shared_indent(lines: Sequence[str]) -> tuple[str, ...]:
    """Return lines without the empty ones around them, nor the indent that all of them share."""
    numbers = [number for number, line in enumerate(lines) if line.strip()]
    if not numbers:
        return ()
    kept = lines[numbers[0] : numbers[-1] + 1]
    indent = min(len(line) - len(line.lstrip(" ")) for line in kept if line.strip())
    return tuple(line[indent:] for line in kept)
