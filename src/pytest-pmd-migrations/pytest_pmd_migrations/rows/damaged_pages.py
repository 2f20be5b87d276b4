"""Read what integrity_check says of a file's pages, in every version of SQLite.

Since 3.44 it also asks the modules of virtual tables. Full-text tables have a check of their own
here, which sees more and is the same in each version; and of one that keeps no text SQLite says
that its index cannot be validated, which is no damage.
"""

from __future__ import annotations

import re
import sqlite3

__all__ = ["damaged_pages"]

_OF_FULL_TEXT = re.compile(
    r"(?:unable to validate the|malformed) inverted index for FTS[345] table |fts5: .+ table \""
)


def damaged_pages(conn: sqlite3.Connection) -> list[str]:
    """Return what integrity_check finds, at most 100 texts; none where all is well.

    Raises sqlite3.DatabaseError where it cannot be asked.
    """
    rows = conn.execute("PRAGMA main.integrity_check(100)").fetchall()
    texts = (str(row[0]) for row in rows)
    return [text for text in texts if text != "ok" and not _OF_FULL_TEXT.match(text)]
