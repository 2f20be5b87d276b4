"""docs/troubleshooting.md explains each headline that the tools can print, and no other."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.every import for_every
from tests.pages.headlines import PAGE, Module, by_name, explained, passed_on, printed

TEXT = PAGE.read_text(encoding="utf-8")
HOW = "python -m tests.pages.headlines prints what the page lacks"

PASSED_ON = {
    # What another error says.
    "pytest_pmd_migrations.cli.build_one: what",
    "pytest_pmd_migrations.application.doubled_number: str(broken)",
    "pytest_pmd_migrations.cli.problems: step.text",
    "pmd.cli.collections: str(error)",
    "pmd.cli.search: str(error)",
    "pmd.terminal: _wrapped(error)",
    "pmd.terminal: f'{error}'",
    "pytest_pmd_migrations.cli.clean_errors: str(error)",
    "pytest_pmd_migrations.cli.command: str(error)",
    "pytest_pmd_migrations.cli.run_forecast: str(error)",
    # What each step that failed says; the name of a table.
    "pytest_pmd_migrations.cli.run_forecast: '\\n'.join(found.failures)",
    "pytest_pmd_migrations.forecast.indexes_aside: fold(table)",
    "pytest_pmd_migrations.forecast.multiply_rows: name",
    "pytest_pmd_migrations.pytest_side.run_rules: f'{error}{settings_file(config)}'",
    "pytest_pmd_migrations.cli.clean_errors: '\\n'.join((str(error), *error.lines))",
    "pytest_pmd_migrations.faults.child_process: str(value)",
    # What a command printed last.
    "pytest_pmd_migrations.sources.command.step: f'{self._shown} {wrong}{told}'",
    "pytest_pmd_migrations.sources.command.version_list: f'{named} {wrong}{told}'",
    "pytest_pmd_migrations.sources.command.version_list: f'{named}: {error}'",
    "pytest_pmd_migrations.sources.alembic.load: f'{named}: {printable_line(raised_where(error))}'",
    "pytest_pmd_migrations.pytest_side.report_plugin: str(error)",
    "pytest_pmd_migrations.sources.alembic.load: _naming(named, str(error))",
    # What the step itself is told, and what the system says of a file that is gone.
    "pytest_pmd_migrations.files.temporary_folder: file",
    "pytest_pmd_migrations.files.regular_file: errno.EINVAL",
    "pytest_pmd_migrations.cli.clean_errors: printable_line(f'{where}{error.strerror or error}')",
    "pytest_pmd_migrations.cli.problems: str(twin)",
    "pytest_pmd_migrations.cli.new_source: settings.error",
    "pytest_pmd_migrations.cli.new_source: str(error)",
    "pytest_pmd_migrations.cli.project: settings.error",
    "pytest_pmd_migrations.cli.project: str(error)",
    "pytest_pmd_migrations.grid.blocked: error.headline",
    "pytest_pmd_migrations.grid.blocked: failure.headline",
    "pytest_pmd_migrations.grid.blocked: headline(error.headline)",
    "pytest_pmd_migrations.grid.blocked: headline(text)",
    "pytest_pmd_migrations.grid.blocked: text",
    "pytest_pmd_migrations.pytest_side.matrix: ' '.join(str(error).split('\\n'))",
    "pytest_pmd_migrations.pytest_side.load_project: f'{error}{settings_file(config)}'",
    "pytest_pmd_migrations.pytest_side.load_project: f'{error}{where}'",
    "pytest_pmd_migrations.report.outcome: values['headline']",
    # What a source says of a check that cannot be asked of its runner.
    "pytest_pmd_migrations.grid.judge_cell: reason",
    "pytest_pmd_migrations.report.plan: str(error)",
    "pytest_pmd_migrations.sources.numbered.pmd_runner: f'{setting}: {error}'",
    "pytest_pmd_migrations.sources.numbered.pmd_runner: str(error)",
    "pytest_pmd_migrations.sources.django.source: str(error)",
    "pytest_pmd_migrations.sources.alembic.irreversible: str(error)",
    "pytest_pmd_migrations.sources.resolve: str(error)",
    # A sentence that is told in the matrix too, with more lines below it.
    "pytest_pmd_migrations.cli.refuse_broken: '\\n'.join(self._told_damage(version, damage))",
    "pytest_pmd_migrations.cli.refuse_broken: '\\n'.join((head, '', *found.lines))",
    "pytest_pmd_migrations.checks.frozen: how[moved.how]",
    "pytest_pmd_migrations.pytest_side.load_project: f'{accused}{where}'",
    "pytest_pmd_migrations.pytest_side.load_project: f'{explained}{where}'",
    # Why vectors cannot be had, which `vector_extension` says.
    "pmd.store.repositories.embeddings: self.why_no_vectors",
    # How many faults were tried.
    "pytest_pmd_migrations.checks.atomic: text",
    # What is said of a run that no fault struck, and of two runs at once.
    "pytest_pmd_migrations.faults.kinds.interleave: run.last.unusable",
    "pytest_pmd_migrations.faults.kinds.interleave: first.last.unusable",
    # What SQLite says of a statement or of a condition.
    "pytest_pmd_migrations.checks.statements: text",
    "pytest_pmd_migrations.rows.resolved_declarations: f'{error}, in:'",
    # What is damaged, or became of rows, which `rows` says.
    "pytest_pmd_migrations.checks.data: first",
    "pytest_pmd_migrations.checks.data: message",
    # Remarks that `-v` shows.
    "pytest_pmd_migrations.checks.data: note",
    # Sentences that the page has outside its tables.
    "pmd.store.migrations.run: str(violations)",
    # What an object needs that only the application has: a remark of the check schema.
    "pytest_pmd_migrations.checks.broken_references: str(one)",
    # How two schemas differ: a number of differences, or a note that a worker sent.
    "pytest_pmd_migrations.pytest_side.database_factory: '\\n'.join((head, '', *diff_lines(diff)))",
    "pytest_pmd_migrations.report.outcome: text",
    # An error of another cell, which ends the command.
    "pytest_pmd_migrations.cli.declare.gathering: thing[2]",
    # An index that is none: as of bytes, and nobody sees it.
    "pytest_pmd_migrations.files.file_content: key",
}
"""Messages whose text is made elsewhere."""


@pytest.fixture(scope="module", autouse=True)
def _forget_the_source():
    """Keep the syntax trees of both packages for these tests and no longer: see `syntax_trees`."""
    yield
    by_name.cache_clear()


def test_every_headline_that_the_source_can_print_is_explained_and_no_other():
    there, known = printed(), explained(TEXT)
    lacking = [f"{place}: {text}" for text, place in there.items() if text not in known]
    gone = [text for text in known if text not in there]
    assert not lacking, "\n".join([f"docs/troubleshooting.md lacks, {HOW}:", *lacking])
    assert not gone, "\n".join(["docs/troubleshooting.md has what nothing prints:", *gone])


def test_no_headline_is_explained_twice():
    assert not [text for text, count in Counter(explained(TEXT)).items() if count > 1]


def test_every_headline_has_its_meaning_and_its_cure():
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    assert len(rows) == len(explained(TEXT))
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 3, row
        assert all(cells), row


def test_a_message_whose_text_is_made_elsewhere_is_known_to_be():
    found = {*passed_on()}
    assert found - PASSED_ON == set(), "its text is not found in the source: name it here, and why"
    assert PASSED_ON - found == set(), "no longer in the source"


@for_every(
    "body, headlines",
    [
        ("raise SettingError(f'the hue {hue!r} is odd; expected red')", ["the hue … is odd"]),
        ("raise NewError('nothing was done. Try again')", ["nothing was done"]),
        ("raise SettingError(f'it is blue{meant()}')", ["it is blue"]),
        ("raise SettingError(f'{a} is {b}; expected red')", ["… is …; expected red"]),
        ("raise SnapshotError('it is cold', 'bring it in')", ["it is cold"]),
        ("text = f'{a} is gone'\nFinding(headline(text), ())", ["… is gone", "… is gone"]),
        ("Note(row, 'one day' if a else 'one night')", ["one day", "one night"]),
        (
            "def why():\n return 'it is late'\nraise SettingError(f'no: {why()}')",
            ["no: it is late"],
        ),
        (
            "def refuse(a, what):\n raise SettingError(f'{a}{what}; expected red')\n"
            "refuse(b, ' is blue')\nrefuse(b, f', line {n}: no hue')",
            ["… is blue; expected red", "…, line …: no hue"],
        ),
        ("raise ValueError('told by another')", []),
        ("raise SettingError(str(error))", []),
    ],
)
def test_a_headline_is_found_wherever_the_source_makes_one(body, headlines):
    module = Module(Path("new.py"), ast.parse(body))
    assert [text for _, text in module.headlines()] == headlines
