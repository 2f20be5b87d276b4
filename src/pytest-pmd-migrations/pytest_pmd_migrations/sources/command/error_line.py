"""Find the line of what a program printed that says what went wrong, in front of its stack trace.

Python ends with that line; PHP, JavaScript, Java, C#, Ruby, Go and Rust put the trace behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["error_line"]

_OF_A_TRACE = re.compile(
    r"""
      \#\d+\s                      # PHP: #0 /app/Schema.php(103): migrate()
    | \s+thrown\sin\s              # PHP
    | Stack\strace:$               # PHP
    | \s+at\s.*[(:]               # JavaScript, Java, C#
    | \s+\.\.\.\s\d+\s(more|common\sframes) # Java
    | Node\.js\sv\d                # JavaScript
    | \s+from\s\S+:\d              # Ruby
    | goroutine\s\d+\s\[           # Go
    | \S+\(\S*\)$                  # Go: main.main()
    | \s+\S+\.go:\d                # Go
    | exit\sstatus\s\d+$           # Go
    | note:\s                      # Rust
    """,
    re.VERBOSE,
)


def error_line(lines: Sequence[str]) -> str:
    """Return the last line that is no part of a stack trace; where each is one, the last.

    Empty for no lines.
    """
    told = (line for line in reversed(lines) if line.strip() and not _OF_A_TRACE.match(line))
    return next(told, lines[-1] if lines else "").strip()
