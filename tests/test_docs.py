"""The documentation is true: options, settings, fixtures, commands and examples."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from itertools import takewhile
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_pmd_migrations import plugin
from pytest_pmd_migrations.checks.registry import select_checks
from pytest_pmd_migrations.faults import KINDS, LEFT_WORDS
from pytest_pmd_migrations.snapshots.lock_file import (
    LockFile,
    SnapshotLine,
    VersionLine,
    lock_file_text,
)
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName
from pytest_pmd_migrations.sources.declared.parse_declarations import read_rows_file

from pmd.cli import main as pmd_command
from pmd.store.migrations import MigrationRunner, load_migrations
from tests.every import for_every

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/*/README.md")])


def read_page(path):
    return (ROOT / path).read_text(encoding="utf-8")


README = read_page("README.md")
MIGRATIONS = read_page("docs/MIGRATIONS.md")
OPTIONS = read_page("docs/reference/options-and-settings.md")
FIXTURES = read_page("docs/reference/fixtures-and-hooks.md")
CHECKS = read_page("docs/reference/checks.md")
COMMANDS = read_page("docs/reference/commands.md")
SOURCES = read_page("docs/reference/sources.md")
PMD = read_page("docs/reference/pmd.md")
FAULTS = read_page("docs/explanation/faults.md")
RULINGS = read_page("docs/explanation/schema-rulings.md")
OWN_RUNNER = read_page("docs/howto/own-runner.md")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text, language):
    return [body for kind, body in _BLOCK.findall(text) if kind == language]


def after(text, marker):
    """The first block of any kind after a marker."""
    return _BLOCK.search(text[text.index(marker) :])[2]


@pytest.fixture
def in_an_empty_project(pytester, monkeypatch, light_child_runs):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)
    return pytester


def test_every_option_setting_and_marker_is_described(pytester, light_child_runs):
    shown = pytester.runpytest_subprocess("--help").stdout.str()
    names = set(re.findall(r"--migration-[a-z-]+|\bmigration_[a-z_]+(?= \()", shown))
    assert {"--migration-matrix", "migration_source", "migration_step_timeout"} <= names
    for name in names:
        assert f"| `{name}" in OPTIONS, name
    assert "Every cell carries `migration(version, check)`" in FIXTURES


def test_every_fixture_is_described_and_says_in_one_line_how_it_is_called(
    pytester, light_child_runs
):
    result = pytester.runpytest_subprocess("--fixtures", "-q")
    shown = result.outlines
    names = re.findall(
        r"^(\w*migration\w*|assert_schema\w*)\b.* -- ", result.stdout.str(), re.MULTILINE
    )
    assert len(names) == 5
    for name in names:
        assert f"| `{name}` |" in FIXTURES, name
    starts = [n for n, line in enumerate(shown) if re.match(r"(migration_|assert_schema_)", line)]
    for start in starts:
        assert "(" in shown[start + 1], shown[start]


def test_every_hook_and_check_is_described():
    hooks = re.findall(
        r"^def (pytest_migration\w+)",
        (Path(plugin.__file__).parent / "pytest_side/hookspecs.py").read_text(),
        re.MULTILINE,
    )
    assert hooks
    for name in hooks:
        assert f"`{name}(" in FIXTURES
    for check in select_checks(""):
        assert f"| `{check.name}` | {check.of} |" in CHECKS


def test_every_command_is_described():
    from pytest_pmd_migrations.cli import main

    for name, command in main.commands.items():
        assert f"| `pmd-migrations {name}" in COMMANDS, name
        for option in (o for p in command.params for o in p.opts if o.startswith("--")):
            assert option in COMMANDS, option


def test_every_option_of_the_faults_and_schema_commands_is_described(in_an_empty_project):
    for module in ("pytest_pmd_migrations.faults", "pytest_pmd_migrations.schema"):
        shown = in_an_empty_project.run(sys.executable, "-m", module, "--help").stdout.str()
        assert f"## `python -m {module}`" in COMMANDS
        for option in {*re.findall(r"--[a-z]+", shown)} - {"--help"}:
            assert f"`{option}" in COMMANDS, option


def test_every_key_of_the_lock_file_is_described():
    line = VersionLine(
        "0001_a.py", "sha256:", "sha256:", {FRESH: "sha256:"}, label="9c1f", volatile=(), ignore=()
    )
    snapshot = SnapshotLine("sha256:", {"notes": 1}, released=False)
    content = tomllib.loads(lock_file_text(LockFile({1: line}, {SnapshotName(1): snapshot})))
    keys = {"format", "versions.NNNN", "snapshots.NNNN"}
    keys |= {f"versions.NNNN.{key}" for key in content["versions"]["0001"]}
    keys |= {f"snapshots.NNNN.{key}" for key in content["snapshots"]["0001"]}
    page = read_page("docs/reference/lock-file.md")
    assert {*re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)} == keys


def test_every_command_of_pmd_is_described():
    for name, command in pmd_command.commands.items():
        assert re.search(rf"^\| `pmd {name}\b", PMD, re.M), name
        for option in (o for p in command.params for o in p.opts if o.startswith("--")):
            assert re.search(rf"^\|.*`[^|`]*{option}\b.*\| `{name}` \|", PMD, re.M), option
    assert "| `--db FILE` | `pmd`, before the command |" in PMD
    for name, command in pmd_command.commands["db"].commands.items():
        assert f"| `pmd db {name} DATABASE` |" in PMD, name
        for option in (o for p in command.params for o in p.opts if o.startswith("--")):
            assert re.search(rf"^\| `{option}\b.*`{name}`|^\| `{option}\b.* each ", PMD, re.M), (
                option
            )


def test_the_four_lines_of_the_readme_search_a_folder(tmp_path, monkeypatch):
    """Typed as they stand, in a home folder with the notes that they speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PMD_DB", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / ".local/share"))
    texts = {
        "garden/apple.md": "# Apple tree\n\nA red apple from the tree.\n",
        "work.md": "Call about the tree, and the red car.\n",
    }
    for path, text in texts.items():
        file = tmp_path / "notes" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (commands,) = (block for block in blocks(README, "sh") if "pmd add" in block)
    lines = [shlex.split(line, comments=True)[1:] for line in commands.splitlines()]
    assert len(lines) == 4
    assert lines == [line.split()[1:] for line in blocks(PMD, "sh")[0].splitlines()]
    ran = [CliRunner().invoke(pmd_command, line) for line in lines]
    assert [(one.exit_code, one.stderr) for one in ran] == [(0, "")] * 4
    assert ran[2].stdout.startswith("notes/garden/apple.md  Apple tree  (score ")
    assert ran[3].stdout == texts["garden/apple.md"]
    found = CliRunner().invoke(pmd_command, ["search", "red", "tree"]).stdout
    shown = after(PMD, "<!-- output of pmd search red tree -->")
    score = re.compile(r"score [\d.e-]+")
    assert score.sub("score", found) == score.sub("score", shown)
    example = re.search(r"`pmd (search --fts [^`]*)`", PMD)[1]
    assert CliRunner().invoke(pmd_command, shlex.split(example)).exit_code == 0


def test_the_commands_of_the_readme_do_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(ROOT / "fixtures/snapshots/0007.db", "notes.db")
    (commands,) = (block for block in blocks(README, "sh") if "pmd db" in block)
    ran = CliRunner().invoke(pmd_command, ["db", "status", "notes.db"])
    assert ran.output == after(PMD, "<!-- output of pmd db status notes.db -->")
    for line in commands.splitlines():
        ran = CliRunner().invoke(pmd_command, shlex.split(line, comments=True)[1:])
        assert ran.exit_code == 0, ran.output
    assert "restored  notes.db to version 7" in ran.output


def anchors(page):
    """What a link into a page may name: each of its headings, as GitHub writes it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@for_every("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    for path, anchor in links:
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_every_page_can_be_reached_from_the_readme():
    links = re.findall(r"\]\((docs/[^)#]+)\)", README)
    assert {*links} == {
        str(page.relative_to(ROOT)) for page in PAGES if page.is_relative_to(ROOT / "docs")
    }


def test_a_page_that_a_message_or_docstring_names_exists():
    named = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"\bdocs/[\w./-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert named
    for name in named:
        assert (ROOT / name).is_file(), name


def test_the_runner_of_ones_own_works(in_an_empty_project):
    project = in_an_empty_project
    project.makepyprojecttoml('[tool.pytest.ini_options]\nmigration_source = "app.migrations"\n')
    migrations = project.path / "app/migrations"
    migrations.mkdir(parents=True)
    (migrations / "__init__.py").write_text(after(OWN_RUNNER, "<!-- example: app/migrations/"))
    for name, sql in (("0001_notes", "CREATE TABLE a(b)"), ("0002_tags", "CREATE TABLE c(d)")):
        (migrations / f"{name}.py").write_text(f"def up(conn):\n    conn.execute('{sql}')\n")
    assert project.run("pmd-migrations", "snapshot").ret == 0
    result = project.runpytest_subprocess("--migration-matrix")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["2 snapshots, 2 migrations: 10 ok in *"])


def test_the_runner_that_opens_files_works(in_an_empty_project):
    project = in_an_empty_project
    (project.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    project.makeconftest(after(OWN_RUNNER, "<!-- example: upgrade_file -->"))
    assert project.run("pmd-migrations", "snapshot").ret == 0
    result = project.runpytest_subprocess("--migration-matrix")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["2 snapshots, 2 migrations: 10 ok in *"])


def test_the_check_of_ones_own_works(in_an_empty_project):
    project = in_an_empty_project
    source = after(OWN_RUNNER, "Write `conftest.py`:")
    (project.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    project.makeconftest(f"{source}\n\n{after(CHECKS, '## A check of your own')}")
    assert project.run("pmd-migrations", "snapshot").ret == 0
    result = project.runpytest_subprocess("--migration-matrix", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*snapshots*schema*data*free*", "*10 ok in*"])


def test_the_statements_example_works(in_an_empty_project):
    project = in_an_empty_project
    source = after(OWN_RUNNER, "Write `conftest.py`:")
    hook = after(FIXTURES, "<!-- example: pytest_migration_statements -->")
    (project.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    project.makeconftest(f"{source}\n\n{hook}")
    assert project.run("pmd-migrations", "snapshot").ret == 0
    result = project.runpytest_subprocess("--migration-matrix", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*snapshots*schema*data*statements*", "*10 ok in*"])
    project.makeconftest(f"{source}\n\n{hook.replace('SELECT page', 'SELECT url')}")
    result = project.runpytest_subprocess(
        "--migration-matrix", "--migration-checks=schema,data,statements"
    )
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(["*fresh 0002: no such column: url"])


def test_the_fixtures_example_works(in_an_empty_project):
    project = in_an_empty_project
    (project.path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\n"
        'migration_source = "pmd.store.migrations"\n'
        f"migration_snapshots = {str(ROOT / 'fixtures/snapshots')!r}\n"
    )
    project.makepyfile(after(FIXTURES, "## Fixtures\n"))
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_declarations_example_can_be_read(tmp_path):
    path = tmp_path / "rows.toml"
    path.write_text(after(SOURCES, "## Declarations\n"), encoding="utf-8")
    declared = read_rows_file(path, source="app")[12]
    assert declared.deletes["content"].reason == "orphans"
    assert declared.moves == {
        "path_contexts.context": "source_collections.contexts",
        "item.name": ("book.name", "film.name"),
    }


def test_the_migration_example_can_run(tmp_path):
    (example,) = (body for body in blocks(MIGRATIONS, "python") if "VERSION = 13" in body)
    own = load_migrations("pmd.store.migrations")
    (tmp_path / "0013_add_document_language.py").write_text(example)
    folder = tmp_path / "all"
    folder.mkdir()
    for migration in own:
        (folder / migration.path.name).write_bytes(migration.path.read_bytes())
    (folder / "0013_add_document_language.py").write_text(example)
    with closing(sqlite3.connect(":memory:")) as conn:
        runner = MigrationRunner(conn, load_migrations(folder))
        assert runner.run_migrations() == 13
        runner.set_version(12)
        assert runner.run_migrations() == 1


NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL);"


def written(project, text: str, *, settings: str) -> None:
    """Write a small application into the project, with or without the settings of a page."""
    shutil.rmtree(project.path / "fixtures", ignore_errors=True)
    (project.path / "pyproject.toml").write_text(settings)
    migrations = project.path / "app/migrations"
    migrations.mkdir(parents=True, exist_ok=True)
    for folder in (migrations, migrations.parent):
        (folder / "__init__.py").touch()
    if "<!-- a migration:" in text:
        (migrations / "0001_notes.py").write_text(after(text, "<!-- a migration:"))
        (migrations.parent / "__init__.py").write_text(after(text, "<!-- an application:"))
    else:
        (migrations / "0001_notes.sql").write_text(NOTES)


@pytest.mark.parametrize("page", ["README.md", "src/pytest-pmd-migrations/README.md"])
def test_the_commands_set_up_a_project_with_the_five_lines_or_with_init(in_an_empty_project, page):
    project = in_an_empty_project
    text = (ROOT / page).read_text(encoding="utf-8")
    (settings,) = blocks(text, "toml")
    found = [block for block in blocks(text, "sh") if "pmd-migrations snapshot" in block]
    assert [("pmd-migrations init" in block) for block in found] in ([True, False], [True])
    for commands in found:
        written(project, text, settings="" if "pmd-migrations init" in commands else settings)
        for line in commands.splitlines():
            result = project.run(*shlex.split(line, comments=True))
            assert result.ret == 0, result.stderr.str()
        result.stdout.fnmatch_lines(["1 snapshot, 1 migration: 5 ok in *"])
    if page == "README.md":
        show = "import app; print(*app.open_notes('my.db').execute('PRAGMA user_version'))"
        assert project.run(sys.executable, "-c", show).outlines == ["(1,)"]


@for_every(
    "page, application",
    [(README, "edited-history"), (RULINGS, "changed-check"), (FAULTS, "plan-runner")],
    ids=["README.md", "schema-rulings.md", "faults.md"],
)
def test_the_example_shown_is_what_is_printed(page, application):
    shown = after(
        page, f"<!-- output of pytest --migration-matrix in fixtures/projects/{application}"
    )
    expected = ROOT / f"tests/acceptance/expected/{application}.txt"
    assert shown in expected.read_text(encoding="utf-8")


def test_every_kind_of_fault_and_every_word_for_what_it_left_is_described():
    for word in (*(kind.name for kind in KINDS), *LEFT_WORDS):
        assert f"| `{word}` |" in FAULTS, word


def test_the_two_commands_are_the_ones_that_ci_runs():
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert [command.rpartition(" && ")[2] for command in commands] == [
        ".venv/bin/pytest --migration-matrix -m migration",
        ".venv/bin/pytest -n auto",
    ]


def shown_commands():
    """Every command that a page shows without running it, in the shortest form that asks for help.

    pytest looks at its arguments before it tells its version.
    """
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8"), "sh"):
            for line in block.splitlines():
                match shlex.split(line, comments=True):
                    case ["pmd-migrations" | "pmd" as program, *arguments]:
                        names = [*takewhile(str.isalpha, arguments)][:2]
                        yield program, *names[: 1 if program == "pmd-migrations" else 2], "--help"
                    case ["python", "-m", module, *_]:
                        yield "python", "-m", module, "--help"
                    case ["pytest", *arguments]:
                        yield "pytest", *arguments, "--version"


@for_every("command", sorted({*shown_commands()}), ids=" ".join)
def test_a_command_that_is_only_shown_exists(in_an_empty_project, command):
    program, *arguments = command
    program = sys.executable if program == "python" else program
    assert in_an_empty_project.run(program, *arguments).ret == 0


def test_both_packages_have_one_licence_and_with_the_changelog_one_version():
    licences = [ROOT / "LICENSE", ROOT / "src/pytest-pmd-migrations/LICENSE"]
    assert len({path.read_text(encoding="utf-8") for path in licences}) == 1
    versions = {
        tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"]["version"]
        for path in ("pyproject.toml", "src/pytest-pmd-migrations/pyproject.toml")
    }
    assert len(versions) == 1
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## (\d\S*)", changelog, re.MULTILINE)[0]
    assert versions == {newest}


def test_the_top_level_holds_what_it_should():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("this copy is no git checkout, so what belongs to it is not known")
    names = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} == {
        *("src", "tests", "fixtures", "docs", "pyproject.toml", "conftest.py", "README.md"),
        *("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "requirements.lock"),
    }
