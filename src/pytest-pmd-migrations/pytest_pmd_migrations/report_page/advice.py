"""Part the lines of a finding: what was seen, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["advice_within", "part_advice", "without_shared_indent"]

_BEGINS = re.compile(
    r"""\s*(?:
        where[ ](?:that|it|this)[ ]is[ ](?:meant|released)
        | Mend[ ]the[ ]step\b
        | (?:Make|Undo|Put|Give|Store|Restore|Take|Write|Rename|Renumber|Build)[ ]
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

_FAULTS_COUNTED = re.compile(r"\d+ of \d+ faults?: ")
"""What ``atomic`` counts; in whatever words, the paragraphs after it are its runner's advice."""

_WITHIN = re.compile(r"(?<=[.:;] )(?:Restore|Build|Store|Remove|Rename|Install|Let|Make)\b.*")


def part_advice(lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the evidence, and what to do: from the first line that begins an advice to the end.

    Where no line begins one, all is evidence: a line ``mend:`` stays beside what it mends.
    """
    faults = [number for number, line in enumerate(lines) if _FAULTS_COUNTED.match(line)]
    if faults:
        empty = (number for number in range(faults[0], len(lines)) if not lines[number].strip())
        end = next(empty, len(lines))
        return tuple(lines[:end]), tuple(lines[end:])
    starts = [number for number, line in enumerate(lines) if _BEGINS.match(line)]
    end = starts[0] if starts else len(lines)
    return tuple(lines[:end]), tuple(lines[end:])


def advice_within(lines: Sequence[str]) -> str:
    """Return the advice that ends a sentence of evidence, in one line; nothing where there is none.

    Such as ``Restore it from version control.`` after what is wrong with a file.
    """
    found = _WITHIN.search(" ".join(" ".join(lines).split()))
    return found[0] if found else ""


def without_shared_indent(lines: Sequence[str]) -> tuple[str, ...]:
    """Return lines without the empty ones around them, nor the indent that all of them share."""
    numbers = [number for number, line in enumerate(lines) if line.strip()]
    if not numbers:
        return ()
    kept = lines[numbers[0] : numbers[-1] + 1]
    indent = min(len(line) - len(line.lstrip(" ")) for line in kept if line.strip())
    return tuple(line[indent:] for line in kept)
