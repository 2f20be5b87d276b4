"""Settings: each is read once and checked, and an error is one line that names the setting."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.pytest_side.load_project import load_project, project_of
from pytest_pmd_migrations.pytest_side.run_rules import read_rules
from pytest_pmd_migrations.snapshots.names import SnapshotName

from tests.every import for_every
from tests.unit.plugin.built_application import Notes


class Hook:
    """A hook of pytest's with one implementation, or none."""

    def __init__(self, implementation: Callable[..., object] | None) -> None:
        self._implementation = implementation

    def get_hookimpls(self) -> list[object]:
        return [self._implementation] if self._implementation else []

    def __call__(self, **arguments: object) -> list[object]:
        assert self._implementation is not None
        found = self._implementation(**arguments)
        return [] if found is None else [found]


class Config:
    """What the settings ask of pytest's configuration."""

    def __init__(
        self,
        root: Path,
        *answers: object,
        inipath: Path | None = None,
        statements: Sequence[object] = (),
        connection: Callable[..., object] | None = None,
        **ini,
    ) -> None:
        self.rootpath = root
        self.inipath = inipath
        self.stash = pytest.Stash()
        self._ini = {
            "migration_source": "",
            "migration_snapshots": "fixtures/snapshots",
            "migration_ignore": [],
            "migration_volatile": [],
            "migration_column_order": "fail",
            "migration_faults": "default",
            "migration_idempotent": False,
            "migration_rows": "",
            "migration_connection": "",
            "migration_step_timeout": "60",
            "migration_step_memory": "1024",
            "migration_share": True,
            "migration_down": False,
            "migration_budget": "",
            "migration_applied": "",
            "migration_dialect": "",
            "migration_versions": "",
            **ini,
        }
        self.hook = SimpleNamespace(
            pytest_migration_sources=lambda **_: list(answers),
            pytest_migration_statements=lambda **_: list(statements),
            pytest_migration_connection=Hook(connection),
        )

    def getini(self, name: str) -> object:
        return self._ini[name]

    def getoption(self, _name: str, default: object) -> object:
        return default


def notes(root: Path, name: str = "notes") -> Notes:
    source = Notes(root / "app", {1: "CREATE TABLE notes(a)"})
    source.name = name
    return source


def error(config: Config) -> str:
    with pytest.raises(SettingError) as caught:
        load_project(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_limits_of_a_step_are_numbers(tmp_path: Path) -> None:
    limits = {"migration_step_timeout": "0.5", "migration_step_memory": "0"}
    rules = load_project(Config(tmp_path, [notes(tmp_path)], **limits)).rules
    assert (rules.step_timeout, rules.step_memory) == (0.5, 0)


@for_every(
    "setting, value, says",
    [
        (
            "migration_step_timeout",
            "soon",
            "migration_step_timeout 'soon' is no number of seconds; expected one such as 60, or 0"
            " for no limit",
        ),
        (
            "migration_step_memory",
            "-1",
            "migration_step_memory '-1' is no number of megabytes; expected one such as 1024, or 0"
            " for no limit",
        ),
        (
            "migration_step_timeout",
            "nan",
            "migration_step_timeout 'nan' is no number of seconds; expected one such as 60, or 0"
            " for no limit",
        ),
    ],
)
def test_a_limit_that_is_no_number_is_named(
    tmp_path: Path, setting: str, value: str, says: str
) -> None:
    assert error(Config(tmp_path, [notes(tmp_path)], **{setting: value})) == says


def test_one_source_has_the_folder_to_itself_and_no_name(tmp_path: Path) -> None:
    rows = tmp_path / "rows.toml"
    rows.write_text('[0001.moves]\n"a.b" = "c.d"\n')
    config = Config(
        tmp_path,
        [notes(tmp_path)],
        migration_ignore=["log*"],
        migration_idempotent=True,
        migration_rows="rows.toml",
    )
    (history,) = project_of(config).histories
    assert (history.application.name, history.store.folder.path) == (
        "",
        tmp_path / "fixtures/snapshots",
    )
    assert (history.rules.ignore_patterns, history.rules.idempotent) == (("log*",), True)
    assert dict(history.application.declarations(1).moves) == {"a.b": "c.d"}
    assert project_of(config) is project_of(config)


def test_a_snapshot_that_is_spoken_of_must_be_there(tmp_path: Path) -> None:
    rows = tmp_path / "rows.toml"
    rows.write_text('[stored."0001+old"]\nunsupported = "dropped in 2.0"\n')
    config = Config(tmp_path, [notes(tmp_path)], migration_rows="rows.toml")
    message = (
        'rows.toml: [stored."0001+old"] names no stored snapshot; expected one of those there are'
        " ({}). Mend the name, or take it out"
    )
    assert error(config) == message.format("none")
    snapshots = tmp_path / "fixtures/snapshots"
    snapshots.mkdir(parents=True)
    (snapshots / "0001.db").write_bytes(b"")
    assert error(config) == message.format("0001")
    (snapshots / "0001+old.db").write_bytes(b"")
    (history,) = project_of(config).histories
    assert history.supported == (SnapshotName(1),)


def test_several_sources_have_a_folder_and_a_name_each(tmp_path: Path) -> None:
    config = Config(tmp_path, [notes(tmp_path, "cache")], (notes(tmp_path, "index"),))
    assert [
        (history.application.name, history.store.folder.path.name)
        for history in project_of(config).histories
    ] == [
        ("cache", "cache"),
        ("index", "index"),
    ]


def test_no_source_at_all_says_where_to_name_one(tmp_path: Path) -> None:
    rest = 'is not set; expected "app.migrations", "db/sql" or "app.db:thing"'
    assert error(Config(tmp_path)) == (
        f"migration_source {rest} in pyproject.toml, or the hook pytest_migration_sources."
        " No migrations were found here. Write it: pmd-migrations init --source TEXT"
    )
    assert error(Config(tmp_path, inipath=tmp_path / "tox.ini")) == (
        f"migration_source {rest} (tox.ini), or the hook pytest_migration_sources."
        " No migrations were found here. Write it: pmd-migrations init --source TEXT"
    )


def test_a_switch_that_is_neither_on_nor_off_is_named(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig("-o", "migration_down=yep")
    with pytest.raises(SettingError) as caught:
        read_rules(config)
    assert str(caught.value) == (
        "migration_down is neither true nor false: invalid truth value 'yep'; expected"
        " migration_down = true, or false"
    )


def test_a_setting_that_the_source_does_not_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "unread_steps.py").write_text("STEPS = ['CREATE TABLE a(b)']\n")
    (tmp_path / "db").mkdir()
    (tmp_path / "db/0001_a.sql").write_text("CREATE TABLE a(b);")
    read = {
        "db/": {"migration_dialect"},
        "unread_steps:STEPS": {"migration_applied"},
        "command: run {db}": {"migration_versions", "migration_applied"},
    }
    values = {
        "migration_dialect": "sqlx",
        "migration_versions": "ls",
        "migration_applied": "applied.name",
    }
    for text, heard in read.items():
        for name in values.keys() - heard:
            config = Config(tmp_path, migration_source=text, **{name: values[name]})
            told = error(config)
            assert told.startswith(f"{name} {values[name]!r} is for "), (text, name, told)
            assert told.endswith(f", and it is {text!r}")
    assert error(Config(tmp_path, migration_source="db/", migration_versions="ls")) == (
        "migration_versions 'ls' is for a command; expected migration_source to name one, as in"
        " \"command: myapp migrate --to {to} --db {db}\", and it is 'db/'"
    )


def test_a_setting_that_cannot_be_used_names_its_file(tmp_path: Path) -> None:
    config = Config(tmp_path, inipath=tmp_path / "pytest.ini", migration_source="db/sql")
    assert error(config) == (
        f"migration_source 'db/sql' is no folder: {tmp_path}/db/sql does not exist (pytest.ini)"
    )


@for_every("name", ["migration_source", "migration_rows", "migration_step_timeout"])
def test_one_text_that_is_written_as_a_list_is_told_as_that(tmp_path: Path, name: str) -> None:
    several = "; the hook pytest_migration_sources names several applications"
    config = Config(tmp_path, inipath=tmp_path / "pyproject.toml", **{name: ["a", "b"]})
    assert error(config) == (
        f"{name} is a list, ['a', 'b']; expected one text: {name} = \"...\""
        f"{several if name == 'migration_source' else ''} (pyproject.toml)"
    )


def test_the_hook_must_return_a_list_of_sources(tmp_path: Path) -> None:
    assert error(Config(tmp_path, notes(tmp_path))) == (
        "pytest_migration_sources returned a Notes; expected a list of sources"
    )
    assert error(Config(tmp_path, [object()])) == (
        "a source of pytest_migration_sources is no migration source: a object without name,"
        " versions, location, upgrade; expected name, versions(), location(version) and"
        " upgrade(conn, to) or upgrade_file(path, to). See docs/reference/sources.md"
    )


def test_a_source_that_cannot_list_its_versions_is_refused(tmp_path: Path) -> None:
    source = notes(tmp_path)

    def versions() -> list[int]:
        raise LookupError("no folder")

    source.versions = versions
    assert error(Config(tmp_path, [source])) == (
        "a source of pytest_migration_sources: versions() raised LookupError: no folder"
    )


@for_every("name", ["a/b", "a::b", "", "a b", 3, "a[b]", ".."])
def test_a_name_must_fit_into_an_id_and_a_folder(tmp_path: Path, name: object) -> None:
    assert error(Config(tmp_path, [notes(tmp_path, name)])) == (
        f"a source of pytest_migration_sources has the name {name!r}, which stands in ids and is"
        " a folder's name; expected letters, digits, '_', '-' and '.' only"
    )


def test_two_sources_need_two_names(tmp_path: Path) -> None:
    assert error(Config(tmp_path, [notes(tmp_path), notes(tmp_path)])) == (
        "two migration sources are named 'notes'; expected other names"
    )


def test_the_snapshots_must_be_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = Config(tmp_path, [notes(tmp_path)], migration_snapshots="file")
    assert error(config) == f"migration_snapshots 'file' is no folder: {tmp_path}/file"


def test_a_module_beside_the_settings_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_own_db.py").write_text(
        "from tests.unit.plugin.built_application import Notes\nfrom pathlib import Path\n"
        "def source(): return Notes(Path(__file__).parent / 'app', {1: ''})\n"
    )
    (history,) = load_project(Config(tmp_path, migration_source="my_own_db:source")).histories
    assert history.application.versions == (1,)
    monkeypatch.delitem(sys.modules, "my_own_db")


def test_the_order_of_columns_fails_unless_it_is_to_be_ignored(tmp_path: Path) -> None:
    assert project_of(Config(tmp_path, [notes(tmp_path)])).rules.column_order == "fail"
    config = Config(tmp_path, [notes(tmp_path)], migration_column_order="ignore")
    assert project_of(config).rules.column_order == "ignore"


@pytest.mark.parametrize("value", ["", "Ignore", "no", "false"])
def test_another_word_for_the_order_of_columns_is_refused(tmp_path: Path, value: str) -> None:
    config = Config(
        tmp_path,
        [notes(tmp_path)],
        inipath=tmp_path / "pytest.ini",
        migration_column_order=value,
    )
    assert error(config) == (
        f'migration_column_order {value!r} is unknown; expected "fail" or "ignore" (pytest.ini)'
    )


def test_statements_come_from_every_implementation_of_the_hook(tmp_path: Path) -> None:
    config = Config(
        tmp_path,
        [notes(tmp_path)],
        statements=[[("b", "SELECT 1"), ["a", ""]], (pair for pair in [("c", "SELECT 2")])],
    )
    (history,) = project_of(config).histories
    assert list(history.application.statements.items()) == [
        ("b", "SELECT 1"),
        ("a", ""),
        ("c", "SELECT 2"),
    ]


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        (["SELECT 1"], "returned a str; expected (name, SQL) pairs"),
        ([{"a": "SELECT 1"}], "returned a dict; expected (name, SQL) pairs"),
        ([3], "returned a int; expected (name, SQL) pairs"),
        (
            [[("a", "SELECT 1")], []],
            "named no statement of notes; expected (name, SQL) pairs, or None where a source has"
            " none",
        ),
        (
            [["SELECT 1"]],
            "named 'SELECT 1'; expected (name, SQL) pairs, two strings each, the name in one line",
        ),
        (
            [[("a", b"SELECT 1")]],
            "named ('a', b'SELECT 1'); expected (name, SQL) pairs, two strings each, the name in"
            " one line",
        ),
        (
            [[("a\nb", "SELECT 1")]],
            "named ('a\\nb', 'SELECT 1'); expected (name, SQL) pairs, two strings each, the name"
            " in one line",
        ),
        (
            [[(" ", "SELECT 1")]],
            "named (' ', 'SELECT 1'); expected (name, SQL) pairs, two strings each, the name in"
            " one line",
        ),
        (
            [[("a", "SELECT 1")], [("a", "SELECT 2")]],
            "names two statements 'a'; expected other names",
        ),
    ],
)
def test_what_the_hook_of_statements_must_return(
    tmp_path: Path, answers: list[object], line: str
) -> None:
    config = Config(tmp_path, [notes(tmp_path)], statements=answers)
    assert error(config) == f"pytest_migration_statements {line}"


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (RuntimeError("no disk"), "RuntimeError: no disk"),
        (SystemExit(0), "SystemExit: 0"),
        (pytest.skip.Exception("not here"), "Skipped: not here"),
    ],
)
def test_a_hook_that_raises_is_named_with_its_line(
    tmp_path: Path, raised: BaseException, told: str
) -> None:
    def refuse(**_: object) -> list[object]:
        raise raised.with_traceback(None)

    def statements() -> Iterator[object]:
        yield ("one", "SELECT 1")
        raise raised.with_traceback(None)

    line = refuse.__code__.co_firstlineno
    here = shown_path(Path(__file__))
    sources, several = Config(tmp_path), Config(tmp_path, [notes(tmp_path)])
    sources.hook.pytest_migration_sources = refuse
    assert error(sources) == f"pytest_migration_sources raised {told} ({here}:{line + 1})"
    several.hook.pytest_migration_statements = refuse
    assert error(several) == f"pytest_migration_statements raised {told} ({here}:{line + 1})"
    several.hook.pytest_migration_statements = lambda **_: [statements()]
    assert error(several) == f"pytest_migration_statements raised {told} ({here}:{line + 5})"


def test_a_volatile_pattern_names_a_table_and_a_column(tmp_path: Path) -> None:
    source = notes(tmp_path)
    given = ["notes.at", "*.token", "a.b.c"]
    project = load_project(Config(tmp_path, [source], migration_volatile=given))
    assert project.rules.volatile_patterns == tuple(given)
    for pattern in ("token", ".token", "notes.", ""):
        assert error(Config(tmp_path, [source], migration_volatile=[pattern])) == (
            f"migration_volatile {pattern!r} names no column; expected globs on"
            ' "table.column", such as "notes.added_at"'
        )


def test_the_source_the_setting_and_the_hook_prepare_a_connection_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    module = ModuleType("shopdb")
    module.prepare = lambda _: calls.append("setting")
    monkeypatch.setitem(sys.modules, "shopdb", module)

    class Prepared(Notes):
        def prepare(self, conn: sqlite3.Connection) -> None:
            assert conn.execute("PRAGMA page_count").fetchone() == (0,)
            calls.append("source")

    def hook(conn: sqlite3.Connection, source: Notes) -> None:
        assert conn.execute("PRAGMA page_count").fetchone() == (0,)
        calls.append(f"hook of {source.name}")

    source = Prepared(tmp_path / "app", {1: "CREATE TABLE notes(a)"})
    config = Config(tmp_path, [source], connection=hook, migration_connection="shopdb:prepare")
    (history,) = load_project(config).histories
    order = ["source", "setting", "hook of notes"]
    assert calls == order
    history.application.empty.connect().close()
    assert calls == order * 2


def test_a_connection_that_cannot_be_prepared_is_one_line(tmp_path: Path) -> None:
    here, line = shown_path(Path(__file__)), fails.__code__.co_firstlineno + 1

    def config(**given) -> Config:
        return Config(tmp_path, [notes(tmp_path)], inipath=tmp_path / "tox.ini", **given)

    assert error(config(connection=fails)) == (
        f"pytest_migration_connection raised RuntimeError: no key ({here}:{line})"
    )
    assert error(config(connection=lambda **_: (n for n in ()))) == (
        "pytest_migration_connection returned a generator; expected a plain function prepare(conn)"
        " that adds functions and collations to the connection it is given"
    )
    assert error(config(migration_connection="nowhere:prepare")) == (
        "migration_connection 'nowhere:prepare' cannot be imported: No module named 'nowhere'"
        " (tox.ini)"
    )


def fails(**_: object) -> None:
    raise RuntimeError("no key")
