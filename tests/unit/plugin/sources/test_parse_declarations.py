"""Declarations as people write them: they become values, and a malformed one is refused."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.sources.declared.declarations import (
    DROP,
    NOTHING_DECLARED,
    Condition,
    DeclarationKey,
    Declarations,
    StoredExcuse,
    merge,
)
from pytest_pmd_migrations.sources.declared.parse_declarations import (
    read_module,
    read_rows_file,
    read_stored_excuses,
)

from tests.every import for_every

PATH = Path("versions/0008_step.py")
EXPECTED = '("<SQL over the old row>", "<reason>")'


def module(**constants: object) -> ModuleType:
    made = ModuleType("0008_step")
    made.__dict__.update(constants)
    return made


def test_a_module_that_says_nothing_declares_nothing():
    assert read_module(module(), PATH) == NOTHING_DECLARED


def test_constants_are_read():
    def verify(before, after): ...

    found = read_module(
        module(
            DELETES={"t": ("id = 1", "strays"), "u": "DROP", "t.c": ("DROP", "never read")},
            CHANGES={"t.v": ("1", "trimmed")},
            MOVES={"u.w": "t.v", "u.x": ("t.v", "s.v"), "u.y": ["t.v", "s.v"]},
            verify=verify,
        ),
        PATH,
    )
    assert found == Declarations(
        deletes={
            "t": Condition("id = 1", "strays"),
            "u": Condition(DROP, ""),
            "t.c": Condition(DROP, "never read"),
        },
        changes={"t.v": Condition("1", "trimmed")},
        moves={"u.w": "t.v", "u.x": ("t.v", "s.v"), "u.y": ("t.v", "s.v")},
        verify=verify,
    )
    assert [found.targets(name) for name in found.moves] == [("t.v",), *[("t.v", "s.v")] * 2]


def test_what_was_read_does_not_change_with_the_module():
    moves = {"u.w": "t.v"}
    found = read_module(module(MOVES=moves), PATH)
    moves.clear()
    assert found.moves == {"u.w": "t.v"}


MALFORMED = {
    "deletes no dict": (
        {"DELETES": "DROP it"},
        f"0008_step.py: DELETES is 'DROP it'; expected a dict, {{\"table\": {EXPECTED}}} for some"
        ' rows, {"table": "DROP"} or {"table.column": "DROP"} for all rows or values',
    ),
    "changes no dict": (
        {"CHANGES": ["t.v"]},
        f"0008_step.py: CHANGES is ['t.v']; expected a dict, {{\"table.column\": {EXPECTED}}}",
    ),
    "deletes by another word": (
        {"DELETES": {"t": "DROP it"}},
        f"0008_step.py: DELETES['t'] is 'DROP it'; expected {EXPECTED}, or \"DROP\" where all rows"
        " or values go",
    ),
    "no reason": (
        {"DELETES": {"t": "id = 1"}},
        f"0008_step.py: DELETES['t'] is 'id = 1'; expected {EXPECTED}, or \"DROP\" where all rows"
        " or values go",
    ),
    "no condition": (
        {"CHANGES": {"t.v": (" ", "trimmed")}},
        f"0008_step.py: CHANGES['t.v'] is (' ', 'trimmed'); expected {EXPECTED}",
    ),
    "no text": (
        {"CHANGES": {"t.v": (1, "trimmed")}},
        f"0008_step.py: CHANGES['t.v'] is (1, 'trimmed'); expected {EXPECTED}",
    ),
    "changes of all": (
        {"CHANGES": {"t.v": "DROP"}},
        f"0008_step.py: CHANGES['t.v'] is 'DROP'; expected {EXPECTED}",
    ),
    "changes of all, with a reason": (
        {"CHANGES": {"t.v": ("DROP", "gone")}},
        f"0008_step.py: CHANGES['t.v'] is ('DROP', 'gone'); expected {EXPECTED}",
    ),
    "changes of a table": (
        {"CHANGES": {"t": ("1", "trimmed")}},
        "0008_step.py: CHANGES['t'] names no column; expected \"table.column\"",
    ),
    "moves no dict": (
        {"MOVES": "t.v"},
        '0008_step.py: MOVES is \'t.v\'; expected a dict, {"old_table.column": "new_table.column"}',
    ),
    "moves a table": (
        {"MOVES": {"t": "u.w"}},
        "0008_step.py: MOVES['t'] is 'u.w'; expected \"old_table.column\": \"new_table.column\","
        " or a tuple of several",
    ),
    "moves nowhere": (
        {"MOVES": {"t.v": None}},
        '0008_step.py: MOVES[\'t.v\'] is None; expected "old_table.column": "new_table.column",'
        " or a tuple of several",
    ),
    "moves to a table among columns": (
        {"MOVES": {"t.v": ("u.w", "u")}},
        "0008_step.py: MOVES['t.v'] is ('u.w', 'u'); expected"
        ' "old_table.column": "new_table.column", or a tuple of several',
    ),
    "moves to none of several": (
        {"MOVES": {"t.v": []}},
        "0008_step.py: MOVES['t.v'] is []; expected"
        ' "old_table.column": "new_table.column", or a tuple of several',
    ),
    "verify no function": (
        {"verify": True},
        "0008_step.py: verify is not a function; expected verify(before, after)",
    ),
}


@for_every("constants, message", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_constant_is_told(constants, message):
    with pytest.raises(SettingError) as caught:
        read_module(module(**constants), PATH)
    assert str(caught.value) == message


def rows_file(folder: Path, text: str) -> Path:
    path = folder / "rows.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rows_file_is_read_by_version(tmp_path):
    path = rows_file(
        tmp_path,
        """
        [0008.deletes]
        t = ["id = 1", "strays"]
        u = "DROP"
        [0008.changes]
        "t.v" = ["1", "trimmed"]
        [9.moves]
        "u.w" = "t.v"
        """,
    )
    assert read_rows_file(path, source="app") == {
        8: Declarations(
            deletes={"t": Condition("id = 1", "strays"), "u": Condition(DROP, "")},
            changes={"t.v": Condition("1", "trimmed")},
        ),
        9: Declarations(moves={"u.w": "t.v"}),
    }


def test_several_sources_have_tables_below_their_names(tmp_path):
    path = rows_file(tmp_path, '[cache.0002.deletes]\nt = "DROP"\n[app.0002.deletes]\nu = "DROP"\n')
    found = read_rows_file(path, source="cache")
    assert found == {2: Declarations(deletes={"t": Condition(DROP, "")})}
    assert read_rows_file(path, source="other") == {}


def test_tables_below_a_source_s_name_are_added_to_those_without_one(tmp_path):
    path = rows_file(tmp_path, '[0002.deletes]\nt = "DROP"\n[cache.0003.moves]\n"t.a" = "u.a"\n')
    everywhere = {2: Declarations(deletes={"t": Condition(DROP, "")})}
    assert read_rows_file(path, source="other") == everywhere
    assert read_rows_file(path, source="cache") == {
        **everywhere,
        3: Declarations(moves={"t.a": "u.a"}),
    }


@for_every(
    "text, message",
    [
        (
            "[0008]\ndeleted = 1\n",
            "rows.toml: 0008 holds {'deleted': 1}; expected the tables deletes, changes, moves,"
            " guards, orphans, sequences, copies, dangling, needs_rows, or again",
        ),
        (
            '"0008" = "DROP"\n',
            "rows.toml: 0008 holds 'DROP'; expected the tables deletes, changes, moves,"
            " guards, orphans, sequences, copies, dangling, needs_rows, or again",
        ),
        (
            '[0008]\ndeletes = "t"\n',
            "rows.toml: 0008.deletes is 't'; expected a table, \"table\" ="
            ' ["<SQL over the old row>", "<reason>"] for some rows, "table" = "DROP" or'
            ' "table.column" = "DROP" for all rows or values',
        ),
        (
            "[0008]\nchanges = 3\n",
            'rows.toml: 0008.changes is 3; expected a table, "table.column" ='
            ' ["<SQL over the old row>", "<reason>"]',
        ),
        (
            "[0008]\nmoves = 3\n",
            'rows.toml: 0008.moves is 3; expected a table, "old_table.column" = "new_table.column"',
        ),
        (
            '[0008.deletes]\nt = "DROP it"\n',
            "rows.toml: 0008.deletes['t'] is 'DROP it'; expected"
            ' ["<SQL over the old row>", "<reason>"], or "DROP" where all rows or values go',
        ),
        (
            '[0008.deletes]\nt = "DROP"\n[8.deletes]\nu = "DROP"\n',
            "rows.toml: 8 and 0008 are one version; expected one table for it",
        ),
    ],
)
def test_a_malformed_rows_file_is_told(tmp_path, text, message):
    with pytest.raises(SettingError) as caught:
        read_rows_file(rows_file(tmp_path, text), source="app")
    assert str(caught.value) == message


def test_a_rows_file_that_is_no_toml_or_not_there_is_told(tmp_path):
    path = rows_file(tmp_path, "[[")
    with pytest.raises(SettingError, match=r"^migration_rows '.*rows\.toml' is no TOML: "):
        read_rows_file(path, source="app")
    missing = tmp_path / "none.toml"
    with pytest.raises(SettingError) as caught:
        read_rows_file(missing, source="app")
    assert str(caught.value) == (
        f"migration_rows {str(missing)!r} cannot be read: No such file or directory;"
        " expected a TOML file"
    )


def first(before, after): ...


def second(before, after): ...


def test_of_two_declarations_the_second_wins():
    one = Declarations(
        deletes={"t": Condition("1", "a"), "u": Condition("1", "a")},
        moves={"t.v": "u.v"},
        verify=first,
    )
    two = Declarations(deletes={"t": Condition("0", "b")}, changes={"t.w": Condition("1", "b")})
    assert merge(one, two) == Declarations(
        deletes={"t": Condition("0", "b"), "u": Condition("1", "a")},
        changes={"t.w": Condition("1", "b")},
        moves={"t.v": "u.v"},
        verify=first,
    )


def test_of_two_declarations_the_only_verify_is_kept_and_of_two_the_second():
    one, two = Declarations(verify=first), Declarations(verify=second)
    assert merge(Declarations(), two).verify is second
    assert merge(one, Declarations()).verify is first
    assert merge(one, two).verify is second


GUARDS, AGAIN = DeclarationKey("GUARDS", "t"), DeclarationKey("AGAIN", "")


def test_excuses_are_read_with_their_reasons_from_a_module_and_from_a_rows_file(tmp_path):
    found = read_module(module(GUARDS={"t": "checked in the app"}, AGAIN="it appends"), PATH)
    assert found.excuses == {GUARDS: "checked in the app", AGAIN: "it appends"}
    rows = tmp_path / "rows.toml"
    rows.write_text('[0008]\nagain = "it appends"\n[0008.guards]\nt = "checked in the app"\n')
    assert read_rows_file(rows, source="app")[8].excuses == found.excuses


def test_an_excuse_is_found_by_its_kind_and_its_name_in_any_case():
    found = Declarations(excuses={GUARDS: "why", AGAIN: "why"})
    assert found.excuse("GUARDS", "T") == GUARDS
    assert found.excuse("AGAIN") == AGAIN
    assert found.excuse("GUARDS", "u") is None
    assert found.excuse("ORPHANS", "t") is None
    assert list(found.list_keys()) == [GUARDS, AGAIN]
    assert [str(key) for key in found.excuses] == ["GUARDS t", "AGAIN"]


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"GUARDS": "t"}, 'GUARDS is \'t\'; expected a dict, {"name": "<reason>"}'),
        ({"ORPHANS": {"t": ""}}, "ORPHANS['t'] is ''; expected the name of an object and a reason"),
        ({"AGAIN": True}, 'AGAIN is True; expected AGAIN = "<reason>"'),
    ],
)
def test_an_excuse_without_a_reason_is_refused(constants, message):
    with pytest.raises(SettingError) as refused:
        read_module(module(**constants), PATH)
    assert str(refused.value) == f"0008_step.py: {message}"


def test_a_later_excuse_wins_over_an_earlier_one():
    first, second = Declarations(excuses={GUARDS: "a"}), Declarations(excuses={GUARDS: "b"})
    assert merge(first, second).excuses == {GUARDS: "b"}


def test_a_rows_file_with_a_merge_conflict_says_so(tmp_path):
    path = rows_file(tmp_path, "<<<<<<< HEAD\n[0001]\n=======\n[0002]\n>>>>>>> x\n")
    with pytest.raises(SettingError, match=r"is no TOML: rows.toml has a merge conflict in line 1"):
        read_rows_file(path, source="app")


def test_what_is_said_of_stored_snapshots_is_read_by_their_names(tmp_path):
    path = rows_file(
        tmp_path,
        """
        [0008.deletes]
        t = "DROP"
        [stored."0003+bug"]
        damaged = "until 0005"
        [stored.0001]
        unsupported = "dropped in 2.0"
        [stored."0006..0008"]
        unsupported = "no such rows"
        [stored.0007]
        damaged = "until 0009"
        [cache.stored.0001]
        damaged = "until 2"
        """,
    )
    among = StoredExcuse(None, "no such rows", "0006..0008")
    everywhere = {
        "0003+bug": StoredExcuse(5),
        "0001": StoredExcuse(None, "dropped in 2.0"),
        "0006": among,
        "0007": StoredExcuse(9),
        "0008": among,
    }
    assert read_stored_excuses(path, source="app") == everywhere
    assert read_stored_excuses(path, source="cache") == {**everywhere, "0001": StoredExcuse(2)}
    assert set(read_rows_file(path, source="app")) == {8}


def test_a_source_that_is_named_stored_has_its_tables_below_its_name(tmp_path):
    path = rows_file(
        tmp_path,
        '[stored.0002.deletes]\nt = "DROP"\n[stored.stored.0001]\ndamaged = "until 2"\n',
    )
    assert read_stored_excuses(path, source="stored") == {"0001": StoredExcuse(2)}
    assert set(read_rows_file(path, source="stored")) == {2}


@for_every(
    "text, message",
    [
        ("stored = 1\n", ' is 1; expected tables such as [stored."0003+bug"]'),
        (
            '[stored.3]\ndamaged = "until 0005"\n',
            '.\'3\' is no snapshot; expected [stored."0003"], "0003+variant", or "0003..0007"',
        ),
        (
            '[stored."0007..0003"]\nunsupported = "x"\n',
            ".'0007..0003' names no versions; expected the older one first",
        ),
        (
            "[stored.0003]\nbroken = true\n",
            ".'0003' holds {'broken': True}; expected damaged = \"until 0004\", the version"
            ' that mends it, or unsupported = "<reason>"',
        ),
        (
            "[stored.0003]\n",
            ".'0003' holds {}; expected damaged = \"until 0004\", the version"
            ' that mends it, or unsupported = "<reason>"',
        ),
        (
            "[stored.0003]\ndamaged = 5\n",
            ".'0003'.damaged is 5; expected \"until 0004\" or a later version:"
            " that of the migration that mends it",
        ),
        (
            '[stored.0003]\ndamaged = "until 0003"\n',
            ".'0003'.damaged is 'until 0003'; expected \"until 0004\" or a later version:"
            " that of the migration that mends it",
        ),
        (
            '[stored.0003]\nunsupported = " "\n',
            ".'0003'.unsupported is ' '; expected \"<reason>\"",
        ),
    ],
)
def test_a_malformed_table_of_a_stored_snapshot_is_told(tmp_path, text, message):
    with pytest.raises(SettingError) as caught:
        read_stored_excuses(rows_file(tmp_path, text), source="app")
    assert str(caught.value) == f"rows.toml: stored{message}"
