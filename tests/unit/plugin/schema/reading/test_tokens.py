"""SQLite's lexical rules, with SQLite as the judge.

SQLite names the token it stops at: ``unrecognized token: "1a"`` for an illegal one, ``near "=":
syntax error`` for one that cannot begin a statement.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

from tests.every import for_every

PIECES = (
    *(
        "a",
        "B",
        "_x",
        "x$y",
        "größe",
        "\u0131",
        "select",
        "0",
        "12",
        "1_000",
        "0x1F",
        "0x",
        "1.5",
        ".5",
    ),
    *(
        "5.",
        "1e3",
        "1E+3",
        "1e",
        "1.5e-3",
        "'",
        '"',
        "`",
        "[",
        "]",
        "''",
        "'it''s'",
        '"a""b"',
        "[a]",
    ),
    *(
        "x'0a'",
        "X'0'",
        "x'zz'",
        "--",
        "/*",
        "*/",
        "*",
        "/",
        "\n",
        "\t",
        "\f",
        "\v",
        "\r",
        " ",
        "\ufeff",
    ),
    *(
        "?",
        "?12",
        ":a",
        "@a",
        "$a::b(c)",
        "#1",
        ":",
        "$",
        "::",
        "=",
        "==",
        "!=",
        "!",
        "<>",
        "<=",
        "<",
    ),
    *(
        "<<",
        ">>",
        ">=",
        "|",
        "||",
        "-",
        "->",
        "->>",
        "~",
        "&",
        "%",
        "+",
        ",",
        ".",
        ";",
        "\\",
        "{",
        "^",
    ),
    *("é", "\x01", "\x7f", "😀"),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
BEGINNINGS = (
    *("ALTER", "ANALYZE", "ATTACH", "BEGIN", "COMMIT", "CREATE", "DELETE", "DETACH", "DROP", "END"),
    *("EXPLAIN", "INSERT", "PRAGMA", "REINDEX", "RELEASE", "REPLACE", "ROLLBACK", "SAVEPOINT"),
    *("SELECT", "UPDATE", "VACUUM", "VALUES", "WITH"),
)
OLD = sqlite3.sqlite_version_info < (3, 46)
SEPARATORS = pytest.mark.skipif(OLD, reason="digits have separators since SQLite 3.46")


def refusal(sql: str) -> str:
    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(sqlite3.Error) as caught:
        conn.execute(sql)
    return str(caught.value)


def kinds(sql: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokenize(sql)]


def begins_no_statement(token: Token) -> bool:
    return token.value != ";" and not token.is_word(*BEGINNINGS)


def rest_from(text: str, tokens: tuple[Token, ...]) -> str:
    """Return the end of a text that begins with the first of these tokens, its last ones."""
    rests = (text[start:] for start in reversed(range(len(text))))
    return next(
        rest for rest in rests if rest.startswith(tokens[0].text) and tokenize(rest) == tokens
    )


def without_separators(sql: str) -> bool:
    """Return whether every SQLite version reads the numbers alike: old ones know no underscore."""
    return (
        sqlite3.sqlite_version_info >= (3, 46)
        or re.search(r"[0-9A-Fa-f.]_|0x[0-9A-Fa-f]+(?:[g-zG-Z_$]|[^\x00-\x7f])", sql) is None
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXTS)
@example("/*")
@example("/**")
@example("/*/ a */ =")
@example(" \v=")
@example("\v=")
@example("x'0' '")
@example("$a(b c)")
@example("1e+x 2")
@example("0x =")
@example("1.2.3 =")
@example("= \v")
def test_each_token_ends_where_sqlite_ends_it(text: str) -> None:
    if not without_separators(text):
        return
    tokens = tokenize(text)
    for number, token in enumerate(tokens):
        rest = rest_from(text, tokens[number:])
        if begins_no_statement(token):
            illegal = token.kind == "illegal"
            expected = (
                f'unrecognized token: "{token.text}"'
                if illegal
                else f'near "{token.text}": syntax error'
            )
            assert refusal(rest) == expected, tokens


@for_every(
    "sql, expected",
    [
        ("'it''s' \"a\"\"b\" `c``d` [e f]", ["string", "name", "name", "name"]),
        ("x'0aFF' X'' x'0' x'zz'", ["blob", "blob", "illegal", "illegal"]),
        ("1 1.5 .5 5. 1e3 1E+3 1.5e-3 0x1F", ["number"] * 8),
        ("1a 1e 0x 1_a", ["illegal"] * 4),
        ("? ?12 :a @a $a::b(c) #x", ["variable"] * 6),
        ("größe x$y \u0131 _a", ["word"] * 4),
        ("a -- b\n c /* d */ e /* f", ["word"] * 3),
        ("'open", ["illegal"]),
        ("[open", ["illegal"]),
        ("! \\ { ^", ["illegal"] * 4),
        ("/*", ["operator"] * 2),
        ("a\0b", ["word"]),
        ("\ufeffa\ufeff", ["word"]),
        ("- -> ->> | || < <= <> << = == != > >= >>", ["operator"] * 15),
    ],
)
def test_the_kinds_of_tokens(sql: str, expected: list[str]) -> None:
    assert [kind for kind, _ in kinds(sql)] == expected


@SEPARATORS
def test_sqlite_reads_separators_in_numbers_as_we_do() -> None:
    assert kinds("1_000 0xFF_FF 1_0.2_5e1_0") == [
        ("number", "1_000"),
        ("number", "0xFF_FF"),
        ("number", "1_0.2_5e1_0"),
    ]
    with closing(sqlite3.connect(":memory:")) as conn:
        assert conn.execute("SELECT 1_000, 0xFF_FF").fetchone() == (1000, 65535)


def test_synonyms_are_one_token() -> None:
    assert [token.value for token in tokenize("== = != <>")] == ["=", "=", "<>", "<>"]


def test_a_dotless_i_makes_no_keyword() -> None:
    assert not tokenize("un\u0131que")[0].is_word("UNIQUE")


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_is_read_and_only_blanks_are_lost(text: str) -> None:
    rest = text
    for token in tokenize(text):
        start = rest.index(token.text)
        rest = rest[start + len(token.text) :]
    assert tokenize(" ".join(token.text for token in tokenize(text))) is not None
    assert all(token.text for token in tokenize(text))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TEXTS)
def test_what_a_token_is_its_text_alone_says(text: str) -> None:
    for token in tokenize(text):
        assert tokenize(token.text) == (token,)


def test_more_tokens_than_are_kept_are_read_all_the_same() -> None:
    numbers = [str(number) for number in range(20_100)]
    assert [token.value for token in tokenize(" ".join(numbers))] == numbers
