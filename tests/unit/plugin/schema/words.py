"""Split SQL into words for the searches, deliberately without the tokenizer under test."""

from __future__ import annotations

import re

__all__ = ["FREE", "KEYWORDS", "squeezed", "words"]

_WORD = re.compile(
    r"\s+|--[^\n]*|/\*.*?\*/|[xX]'[^']*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]"
    r"|0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[^\W\d][\w$]*"
    r"|->>|->|\|\||<<|>>|<>|<=|>=|==|!=|.",
    re.DOTALL,
)
_SAME = {"==": "=", "!=": "<>"}
KEYWORDS = frozenset(
    """ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN
    BETWEEN BY CASCADE CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS
    CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE
    DESC DETACH DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL
    FILTER FIRST FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP GROUPS HAVING IF IGNORE
    IMMEDIATE IN INDEX INDEXED INITIALLY INNER INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN KEY LAST
    LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR
    ORDER OTHERS OUTER OVER PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE
    REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS
    SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO TRANSACTION TRIGGER UNBOUNDED UNION
    UNIQUE UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE WINDOW WITH WITHOUT""".split()  # noqa: SIM905 - a list of words
)
"""Every keyword of https://www.sqlite.org/lang_keywords.html."""
FREE = frozenset({"STRICT", "ROWID", "STORED", "TRUE", "FALSE"})
"""Words that are no keywords, and that SQLite reads otherwise in quotes."""


def words(sql: str) -> list[str]:
    """Return the words of a statement, without white space and comments."""
    found = (match[0] for match in _WORD.finditer(sql))
    return [word for word in found if not word.isspace() and word[:2] not in ("--", "/*")]


def squeezed(text: str) -> str:
    """Return a text that SQLite made from SQL, without the traces of its spelling.

    These are white space, comments, the case of what is no string, quotes of names, parentheses.
    """
    return " ".join(_SAME.get(word, _bare(word)) for word in words(text) if word not in "()")


def _bare(word: str) -> str:
    if word[0] == "'":
        return word
    return word[1:-1] if word[0] in '"`[' and len(word) > 1 else word.lower()
