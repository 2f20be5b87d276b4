"""What GitHub shows of a run: the job's summary, and annotations beside the code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_pmd_migrations.checks.model import Finding, MigrationRow, Note
from pytest_pmd_migrations.report.fold import fold
from pytest_pmd_migrations.report.github.annotations import workflow_commands
from pytest_pmd_migrations.report.github.summary import Picture, summary_markdown
from pytest_pmd_migrations.report.outcome import BLOCKED, DIED, FAIL, NOTE, OK, Outcome
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.sources import Location

from tests.unit.plugin.report.test_report import Numbered, key, outcomes, plan

LOST = Finding(
    "0002_x|`<b>.sql loses 1 row of notes: 50%, *all*",
    ("  gone: title='```\\u001b | <script>'",),
    2,
    things=frozenset({("rows lost", "notes")}),
    of_step=True,
)
PICTURES = {"": Picture("Tables of 0003", ("erDiagram", '    "notes" {', "    }"))}


def run_with_two_causes() -> tuple[Plan, list[Outcome]]:
    of = plan()
    story = Finding("0003.sql failed", ("why",), 3)
    lost = {
        row: Outcome(key(row, "data"), FAIL, findings=(LOST,), closing=("again",))
        for row in ("0000+u1", "0001")
    }
    note = Outcome(key("0003", "frozen"), NOTE, (Note("0003", "not locked", "pmd-migrations"),))
    blocked = Outcome(key("0002", "data"), BLOCKED, findings=(story,), blocked_by=MigrationRow(3))
    died = Outcome(key("0003", "data"), DIED)
    found = {cell: Outcome(cell, OK) for cell in of.cells}
    found |= {one.cell: one for one in (*lost.values(), note, blocked, died)}
    return of, list(found.values())


def summary(of: Plan, found: list[Outcome], size: int = 2**20) -> str:
    folded = {"": fold(of, of.in_order(found))}
    return summary_markdown("2 failed", [of], found, folded, PICTURES, size=size)


SUMMARY = """\
## Migration matrix

2 failed

| snapshots | schema | data |  |
| --- | --- | --- | --- |
| <code>0000&#43;u1</code> | ok | **FAIL** |  |
| <code>0001</code> | ok | **FAIL** | as 0000&#43;u1 |
| <code>0002</code> | ok | blocked | by 0003 |
| <code>0003</code> | ok | **died** |  |

| migrations | again | frozen |  |
| --- | --- | --- | --- |
| <code>0001&#46;&#46;0002</code> | ok | ok | &#40;2 rows alike&#41; |
| <code>0003</code> | ok | note |  |

### 0003&#46;sql failed, which no cell that was run tells

```text
why
```

### 0002&#95;x&#124;&#96;&#60;b&#62;&#46;sql loses 1 row of notes&#58; 50&#37;, &#42;all&#42;

````text
  seen from 0000+u1, 0001 (numbers of 0000+u1)

  gone: title='```\\u001b | <script>'
````

```sh
pytest --migration-matrix "migrations::0000+u1..0003[data]"
```

<details><summary>Seen by 2 cells</summary>

- <code>migrations&#58;&#58;0000&#43;u1&#46;&#46;0003&#91;data&#93;</code>
- <code>migrations&#58;&#58;0001&#46;&#46;0003&#91;data&#93;</code>

</details>

### <code>migrations&#58;&#58;0003&#46;&#46;0003&#91;data&#93;</code> died

Its story is in the log of the step.

```text
note 0003: not locked.  pmd-migrations
```

<details><summary>Tables of 0003</summary>

```mermaid
erDiagram
    "notes" {
    }
```

</details>

"""


def test_the_summary_has_grids_each_cause_once_notes_and_the_picture() -> None:
    of, found = run_with_two_causes()
    assert summary(of, found) == SUMMARY


def test_a_summary_too_long_is_cut_between_parts_and_says_so() -> None:
    of, found = run_with_two_causes()
    whole = len(SUMMARY.encode())
    for size in range(60, whole + 60):
        cut = summary(of, found, size)
        assert len(cut.encode()) <= size
        if cut != SUMMARY:
            rest = "The rest has no room here: see the log of the step.\n\n"
            assert cut.endswith(rest)
            assert SUMMARY.startswith(cut.removesuffix(rest))
    assert summary(of, found, whole + 60) == SUMMARY


class Written(Numbered):
    """A source whose migrations are files of a folder, the last one of another."""

    def __init__(self, folder: Path) -> None:
        super().__init__("app", 3)
        self.folder = folder

    def location(self, version: int) -> Location:
        folder = self.folder.parent if version == 3 else self.folder
        return Location(folder / f"{version},50%:.sql", version + 4)


def test_a_cause_is_pointed_to_on_its_migrations_line(tmp_path: Path) -> None:
    of, found = run_with_two_causes()
    repository = tmp_path / "repository"
    (repository / "db").mkdir(parents=True)
    for file in (repository / "db/2,50%:.sql", repository.parent / "3,50%:.sql"):
        file.touch()
    of = of._replace(application=replace(of.application, source=Written(repository / "db")))
    folded = {"": fold(of, of.in_order(found))}
    where = {"repository": repository, "rest": "the log of this step"}
    assert [*workflow_commands([of], found, folded, **where)] == [
        "::error title=migrations%3A%3A0002..0003[data]::0003.sql failed",
        "::error file=db/2%2C50%25%3A.sql,line=6,title=migrations%3A%3A0000+u1..0003[data]"
        "::0002_x|`<b>.sql loses 1 row of notes: 50%25, *all*",
        "::error title=migrations%3A%3A0003..0003[data]::died: migrations::0003..0003[data]",
    ]
    assert [*workflow_commands([of], outcomes(of), {"": fold(of, [])}, **where)] == []


def test_of_more_causes_than_github_shows_the_last_line_says_how_many_and_where(
    tmp_path: Path,
) -> None:
    def commands(causes: int) -> list[str]:
        of = plan()
        told = [Finding(f"cause {number}", (), 2) for number in range(causes)]
        ended = Outcome(key("0001", "data"), FAIL, findings=tuple(told), closing=("again",))
        found = [ended if one.cell == ended.cell else one for one in outcomes(of)]
        folded = {"": fold(of, of.in_order(found))}
        rest = "the summary of this job"
        return [*workflow_commands([of], found, folded, repository=tmp_path, rest=rest)]

    title = "::error title=migrations%3A%3A0001..0003[data]::"
    assert commands(10) == [f"{title}cause {number}" for number in range(10)]
    assert commands(60) == [
        *(f"{title}cause {number}" for number in range(9)),
        "::error title=migrations::51 more: see the summary of this job",
    ]
