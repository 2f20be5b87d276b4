"""Triggers (lang_createtrigger)."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import Pair, different, equal

T = (
    "CREATE TABLE t(a, b); CREATE TABLE u(x UNIQUE, y); CREATE VIEW w AS SELECT a, b FROM t;"
    " CREATE TABLE k(begin, after, [when], before, of);"
)
DO = "BEGIN INSERT INTO u VALUES(1, 1); END"


def same(name: str, upgraded: str, fresh: str) -> Pair:
    return equal(name, f"CREATE TRIGGER {upgraded}", f"CREATE TRIGGER {fresh}", given=T)


def other(name: str, upgraded: str, fresh: str, part: str, probe: str = "") -> Pair:
    triggers = f"CREATE TRIGGER {upgraded}", f"CREATE TRIGGER {fresh}"
    return different(name, *triggers, "trigger r", part, given=T, probe=probe)


def body(name: str, upgraded: str, fresh: str) -> Pair:
    start = "r AFTER UPDATE ON t BEGIN"
    return other(f"body: {name}", f"{start} {upgraded}; END", f"{start} {fresh}; END", "body")


def same_body(name: str, upgraded: str, fresh: str) -> Pair:
    start = "r AFTER UPDATE ON t BEGIN"
    return same(f"body: {name}", f"{start} {upgraded}; END", f"{start} {fresh}; END")


PAIRS = (
    same("IF NOT EXISTS", f"IF NOT EXISTS r AFTER INSERT ON t {DO}", f"r AFTER INSERT ON t {DO}"),
    same("the schema's name", f"main.r AFTER INSERT ON t {DO}", f"r AFTER INSERT ON t {DO}"),
    same("BEFORE is the default", f"r BEFORE INSERT ON t {DO}", f"r INSERT ON t {DO}"),
    same(
        "FOR EACH ROW is the only way",
        f"r AFTER INSERT ON t FOR EACH ROW {DO}",
        f"r AFTER INSERT ON t {DO}",
    ),
    same(
        "small letters",
        "r after insert on t begin insert into u values(1, 1); end",
        f"r AFTER INSERT ON t {DO}",
    ),
    same(
        "comments",
        f"r /* BEFORE */ AFTER INSERT -- OR DELETE\n ON t {DO}",
        f"r AFTER INSERT ON t {DO}",
    ),
    same("names in quotes", f'"r" AFTER INSERT ON [t] {DO}', f"r AFTER INSERT ON t {DO}"),
    same("names in single quotes", f"'r' AFTER INSERT ON 't' {DO}", f"r AFTER INSERT ON t {DO}"),
    same("the order of UPDATE OF", f"r UPDATE OF b, a ON t {DO}", f"r UPDATE OF a, b ON t {DO}"),
    same("UPDATE OF a column twice", f"r UPDATE OF a, a ON t {DO}", f"r UPDATE OF a ON t {DO}"),
    same(
        "UPDATE OF in quotes and another letter case",
        f"r UPDATE OF \"A\", 'b' ON t {DO}",
        f"r UPDATE OF a, b ON t {DO}",
    ),
    same(
        "a condition in parentheses",
        f"r UPDATE ON t WHEN (((new.a > 1))) {DO}",
        f"r UPDATE ON t WHEN new.a > 1 {DO}",
    ),
    same(
        "NEW and OLD in another letter case",
        f"r UPDATE ON t WHEN NEW.a <> Old.A {DO}",
        f"r UPDATE ON t WHEN new.a <> old.a {DO}",
    ),
    same(
        "NEW in quotes",
        f'r UPDATE ON t WHEN "new"."a" > 1 {DO}',
        f"r UPDATE ON t WHEN new.a > 1 {DO}",
    ),
    same(
        "a double-quoted string in a condition",
        f'r UPDATE ON t WHEN new.a = "x" {DO}',
        f"r UPDATE ON t WHEN new.a = 'x' {DO}",
    ),
    same(
        "INSTEAD OF in small letters",
        f"r instead of delete on w {DO}",
        f"r INSTEAD OF DELETE ON w {DO}",
    ),
    same(
        "columns named as keywords",
        f'r UPDATE OF begin, after, "of" ON k WHEN new.begin > 1 {DO}',
        f"r UPDATE OF after, of, [begin] ON k WHEN new.[begin] > 1 {DO}",
    ),
    same_body("names in quotes", 'UPDATE "t" SET [a] = 1', "UPDATE t SET a = 1"),
    same_body(
        "names in single quotes",
        "INSERT INTO 'u'('x', 'y') VALUES(1, 2)",
        "INSERT INTO u(x, y) VALUES(1, 2)",
    ),
    same_body(
        "names in single quotes to be set",
        "UPDATE 't' SET 'a' = 1, 'b' = 'a'",
        "UPDATE t SET a = 1, b = 'a'",
    ),
    same_body(
        "names in single quotes to be set together",
        "UPDATE t SET ('a', b) = (1, 'a'), ('b') = ('b')",
        "UPDATE t SET (a, b) = (1, 'a'), (b) = ('b')",
    ),
    same_body(
        "a double-quoted string behind a name",
        'INSERT INTO u VALUES(new."a", "text")',
        "INSERT INTO u VALUES(new.a, 'text')",
    ),
    same_body(
        "parentheses",
        "UPDATE t SET a = (new.a + (1)) WHERE (b = 2)",
        "UPDATE t SET a = new.a + 1 WHERE b = 2",
    ),
    same_body(
        "a double-quoted string",
        'INSERT INTO u VALUES("a", "new")',
        "INSERT INTO u VALUES('a', 'new')",
    ),
    same_body(
        "a double-quoted string that is a column elsewhere",
        'UPDATE t SET a = "y"',
        "UPDATE t SET a = 'y'",
    ),
    same_body(
        "comments and blanks", "SELECT 1 /* ; END */ ;\n\n SELECT 2 -- ;\n", "SELECT 1; SELECT 2"
    ),
    same_body("RAISE", "SELECT raise(abort, 'no')", "SELECT RAISE(ABORT, 'no')"),
    same_body(
        "an upsert",
        'INSERT INTO u VALUES(1, 2) ON CONFLICT("x") DO UPDATE SET "y" = "excluded"."y"',
        "INSERT INTO u VALUES(1, 2) on conflict(x) do update set y = excluded.y",
    ),
    other("AFTER and BEFORE", f"r AFTER INSERT ON t {DO}", f"r BEFORE INSERT ON t {DO}", "timing"),
    other("AFTER and no word", f"r AFTER INSERT ON t {DO}", f"r INSERT ON t {DO}", "timing"),
    other("INSERT and DELETE", f"r AFTER INSERT ON t {DO}", f"r AFTER DELETE ON t {DO}", "event"),
    other("INSERT and UPDATE", f"r AFTER INSERT ON t {DO}", f"r AFTER UPDATE ON t {DO}", "event"),
    other("UPDATE OF", f"r UPDATE OF a ON t {DO}", f"r UPDATE ON t {DO}", "event"),
    other(
        "another column of UPDATE OF",
        f"r UPDATE OF a ON t {DO}",
        f"r UPDATE OF b ON t {DO}",
        "event",
    ),
    other(
        "all columns of UPDATE OF and none",
        f"r UPDATE OF a, b ON t {DO}",
        f"r UPDATE ON t {DO}",
        "event",
        "INSERT INTO t VALUES(1, 1); UPDATE t SET rowid = 9; SELECT * FROM u",
    ),
    other("a condition", f"r UPDATE ON t WHEN new.a {DO}", f"r UPDATE ON t {DO}", "WHEN"),
    other(
        "NEW and OLD", f"r UPDATE ON t WHEN new.a {DO}", f"r UPDATE ON t WHEN old.a {DO}", "WHEN"
    ),
    other(
        "a CASE in the condition",
        f"r UPDATE ON t WHEN CASE WHEN new.a THEN 1 ELSE 0 END {DO}",
        f"r UPDATE ON t WHEN CASE WHEN new.a THEN 0 ELSE 1 END {DO}",
        "WHEN",
    ),
    other(
        "a condition on columns named as keywords",
        f"r UPDATE ON k WHEN new.begin > 1 {DO}",
        f"r UPDATE ON k WHEN new.begin > 2 {DO}",
        "WHEN",
    ),
    other(
        "a condition on a column named when",
        f"r UPDATE ON k WHEN new.[when] {DO}",
        f"r UPDATE ON k WHEN new.before {DO}",
        "WHEN",
    ),
    other("another table", f"r AFTER INSERT ON t {DO}", f"r AFTER INSERT ON u {DO}", "table"),
    other(
        "a timing as a column's name",
        f"r AFTER UPDATE OF before ON k {DO}",
        f"r BEFORE UPDATE OF before ON k {DO}",
        "timing",
    ),
    other(
        "INSTEAD OF another event",
        f"r INSTEAD OF DELETE ON w {DO}",
        f"r INSTEAD OF INSERT ON w {DO}",
        "event",
    ),
    other(
        "INSTEAD OF UPDATE OF",
        f"r INSTEAD OF UPDATE OF a ON w {DO}",
        f"r INSTEAD OF UPDATE OF b ON w {DO}",
        "event",
    ),
    body("a value", "INSERT INTO u VALUES(1, 1)", "INSERT INTO u VALUES(1, 2)"),
    body("a column that is set", "UPDATE t SET a = 1", "UPDATE t SET b = 1"),
    body("a statement more", "UPDATE t SET a = 1; DELETE FROM u", "UPDATE t SET a = 1"),
    body(
        "the statements' order",
        "DELETE FROM u; INSERT INTO u VALUES(1, 1)",
        "INSERT INTO u VALUES(1, 1); DELETE FROM u",
    ),
    body("a string's letter case", "INSERT INTO u VALUES('A', 1)", "INSERT INTO u VALUES('a', 1)"),
    body(
        "a string with a semicolon",
        "INSERT INTO u VALUES('; END', 1)",
        "INSERT INTO u VALUES(';', 1)",
    ),
    body("a name and a string", 'UPDATE t SET a = "b"', "UPDATE t SET a = 'b'"),
    body("OR IGNORE", "INSERT OR IGNORE INTO u VALUES(1, 1)", "INSERT INTO u VALUES(1, 1)"),
    body("RAISE's kind", "SELECT RAISE(ABORT, 'no')", "SELECT RAISE(FAIL, 'no')"),
    body("RAISE's message", "SELECT RAISE(ABORT, 'no')", "SELECT RAISE(ABORT, 'No')"),
    body("RAISE(IGNORE)", "SELECT RAISE(IGNORE)", "SELECT 1"),
    body(
        "DO NOTHING",
        "INSERT INTO u VALUES(1, 1) ON CONFLICT DO NOTHING",
        "INSERT INTO u VALUES(1, 1) ON CONFLICT(x) DO UPDATE SET y = 2",
    ),
    body(
        "a subquery's parentheses",
        "UPDATE t SET a = (SELECT max(x) FROM u)",
        "UPDATE t SET a = (SELECT min(x) FROM u)",
    ),
    body(
        "a statement in a comment only", "SELECT 1 /* ; DELETE FROM u */", "SELECT 1; DELETE FROM u"
    ),
    different("a trigger", f"CREATE TRIGGER r AFTER INSERT ON t {DO}", "", "trigger r", given=T),
    different(
        "a name's letter case",
        f"CREATE TRIGGER R AFTER INSERT ON t {DO}",
        f"CREATE TRIGGER r AFTER INSERT ON t {DO}",
        "trigger R",
        "name",
        given=T,
    ),
    different(
        "a trigger of a view",
        f"CREATE TRIGGER r INSTEAD OF DELETE ON w {DO}",
        "",
        "trigger r",
        given=T,
    ),
    different(
        "a trigger on a shadow table",
        "CREATE TRIGGER r AFTER INSERT ON f_content BEGIN SELECT 1; END",
        "",
        "trigger r",
        given="CREATE VIRTUAL TABLE f USING fts5(x);",
        ruling="defensive connections forbid it, others fire it",
    ),
    equal(
        "triggers in another order",
        f"CREATE TRIGGER r AFTER INSERT ON t {DO}; CREATE TRIGGER s AFTER DELETE ON t {DO}",
        f"CREATE TRIGGER s AFTER DELETE ON t {DO}; CREATE TRIGGER r AFTER INSERT ON t {DO}",
        given=T,
        ruling="objects have no order",
    ),
    equal(
        "a temporary trigger",
        f"CREATE TEMP TRIGGER r AFTER INSERT ON t {DO}",
        "",
        given=T,
        ruling="temporary objects are the connection's, not the file's",
    ),
)
