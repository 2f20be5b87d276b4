"""Alembic's revisions taken back: the check ``down``, in a line, in branches and at their merge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.alembic.branch import BRANCH, write
from tests.tools.tried_project import PRECIOUS, TriedProject

pytest.importorskip("alembic", reason="Alembic is not installed in this environment")

NOTES = Path(__file__).parent / "projects/notes"
DOWN = ("-o", "migration_down=true", "--migration-checks=down", "-rfs")
ADDED, TAGS, FILLED, REBUILT, LAST = (
    f"alembic/versions/{name}.py"
    for name in (
        "4be2c19d0f63_add_pinned",
        "d07a5e6613c8_create_tags",
        "1a88f2b94e07_tag_pinned",
        "73d5cc0b8a1e_rebuild_notes",
        "e6f39042d7b5_create_attachments",
    )
)


@pytest.fixture
def notes(tmp_path: Path) -> TriedProject:
    return TriedProject(NOTES, tmp_path, files=(PRECIOUS, "notes.db"))


def test_each_wrong_way_back_is_blamed_for_what_it_does(notes: TriedProject) -> None:
    notes.released()
    good = notes.matrix(*DOWN)
    assert "6 snapshots, 6 migrations: 6 ok" in good.text, good.text
    notes.edit(ADDED, 'op.drop_column("notes", "pinned")', "pass")
    notes.edit(
        TAGS,
        '    op.drop_index("ix_tags_name", "tags")\n',
        '    op.drop_index("ix_tags_name", "tags")\n'
        '    op.execute("DELETE FROM notes WHERE id = 2")\n',
    )
    notes.edit(FILLED, "op.execute(\"DELETE FROM tags WHERE name = 'pinned'\")", "pass")
    notes.edit(
        REBUILT,
        '    with op.batch_alter_table("notes") as batch:\n'
        '        batch.drop_constraint("ck_title_short", type_="check")\n'
        '        batch.alter_column("title", type_=sa.String(80), existing_nullable=False)\n',
        '    op.drop_constraint("ck_title_short", "notes", type_="check")\n',
    )
    bad = notes.matrix(*DOWN)
    # One that has nothing to take back may well do nothing; the schema of 0004 is that of 0003.
    assert bad.failed == {("0002", "down"), ("0003", "down"), ("0005", "down")}, bad.text
    told = " ".join(bad.text.split())
    assert "4be2c19d0f63_add_pinned.py cannot be taken back" in told
    assert "only in taken back column notes.pinned BOOLEAN" in told
    assert "d07a5e6613c8_create_tags.py cannot be taken back" in told
    assert "notes lost 1 of " in told
    # Alembic's own word for what SQLite cannot do is not the revision's.
    assert "73d5cc0b8a1e_rebuild_notes.py cannot be taken back" in told
    assert "down raised NotImplementedError: No support for ALTER of constraints" in told


def test_what_says_that_it_has_no_way_back_is_irreversible(notes: TriedProject) -> None:
    notes.edit(LAST, 'op.drop_table("attachments")', 'raise NotImplementedError("files are gone")')
    text = (notes.path / FILLED).read_text("utf-8")
    (notes.path / FILLED).write_text(text[: text.index("def downgrade")], "utf-8")
    printed = notes.released().matrix(*DOWN)
    assert "6 snapshots, 6 migrations: 4 ok, 2 none" in printed.text, printed.text
    assert "irreversible: files are gone" in printed.text
    assert "irreversible: 1a88f2b94e07_tag_pinned.py has no function downgrade()" in printed.text


def test_a_branch_a_merge_and_what_another_branch_needs_go_back_alone(notes: TriedProject) -> None:
    for revision, back in zip(
        BRANCH,
        ("op.drop_table('colors')", "op.drop_column('tags', 'color')", "pass"),
        strict=True,
    ):
        write(notes, *revision, back=back)
    root = ("bb01", "None", "'9c1f0a77b2d4'", "2024-08-01", 'op.execute("CREATE TABLE roots(id)")')
    write(notes, *root, back="op.drop_table('roots')")
    good = notes.released().matrix(*DOWN)
    assert "10 snapshots, 10 migrations: 10 ok" in good.text, good.text
    # Revision d07a5e6613c8 has come after aa01 in another branch, whose row this takes.
    for name, old, new in (
        ("aa01", "op.drop_table('colors')", "op.execute('DELETE FROM notes'); pass"),
        (
            "aa03",
            "    pass\n\n\ndef downgrade():\n    pass",
            "    pass\n\n\ndef downgrade():\n    op.execute('DELETE FROM attachments')",
        ),
    ):
        notes.edit(f"alembic/versions/{name}.py", old, new)
    bad = notes.matrix(*DOWN)
    assert bad.failed == {("0003", "down"), ("0009", "down")}, bad.text
    assert "aa03.py cannot be taken back" in bad.text
