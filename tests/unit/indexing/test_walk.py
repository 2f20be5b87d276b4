"""The walk finds what the patterns want, ends on every circle of links, and hides no gap."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from pmd.indexing.errors import FolderError, Problem
from pmd.indexing.patterns import Patterns
from pmd.indexing.walk import find_files

MARKDOWN = Patterns(["**/*.md"])


def test_files_are_found_at_every_depth_in_order(folder, write):
    for path in ("b.md", "a.md", "x/y/z.md", "x/a.md", "a.txt", ".git/a.md", "folder.md/c.md"):
        write(path)
    found = find_files(folder, MARKDOWN)
    assert found.paths == ["a.md", "b.md", "folder.md/c.md", "x/a.md", "x/y/z.md"]
    assert found.problems == found.closed == []


def test_a_hidden_folder_is_walked_for_a_pattern_that_names_it(folder, write):
    write(".notes/deep/a.md")
    assert find_files(folder, Patterns([".notes/**/*.md"])).paths == [".notes/deep/a.md"]


def test_folders_too_deep_to_match_are_not_walked(folder, write):
    write("x/a.md")
    (folder / "x/y").mkdir()
    (folder / "x/y/circle").symlink_to(folder)
    (folder / "x/elsewhere").symlink_to(folder / "nowhere")
    found = find_files(folder, Patterns(["*/*.md"]))
    assert (found.paths, found.problems) == (["x/a.md"], [])


def test_links_to_files_and_folders_elsewhere_are_followed(folder, write, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/b.md").touch()
    write("a.md")
    (folder / "linked").symlink_to(tmp_path / "other")
    (folder / "c.md").symlink_to(tmp_path / "other/b.md")
    found = find_files(folder, MARKDOWN)
    assert found.paths == ["a.md", "c.md", "linked/b.md"]
    assert found.problems == []


@pytest.mark.parametrize(
    ("target", "shown"), [(".", "."), ("x", "x"), ("..", "{above}"), ("x/../..", "{above}")]
)
def test_a_link_in_a_circle_is_told_and_not_followed(folder, write, target, shown):
    write("x/a.md")
    (folder / "circle").symlink_to(target)
    found = find_files(folder, MARKDOWN)
    assert found.paths == ["x/a.md"]
    assert found.problems == [
        Problem(
            "circle",
            f"it is a link to {shown.format(above=folder.parent)}, and would lead in a circle or"
            " to the same files twice, so it is not followed. Remove it",
        )
    ]


def test_links_that_lead_to_each_other_end(folder, write, tmp_path):
    for here, there in (("one", "two"), ("two", "one")):
        (tmp_path / here).mkdir()
        (tmp_path / here / f"{here}.md").touch()
        (tmp_path / here / "on").symlink_to(tmp_path / there)
    (folder / "start").symlink_to(tmp_path / "one")
    found = find_files(folder, MARKDOWN)
    assert found.paths == ["start/on/two.md", "start/one.md"]
    assert [problem.path for problem in found.problems] == ["start/on/on"]


def test_a_folder_below_two_links_is_walked_once(folder, tmp_path):
    (tmp_path / "shared/sub").mkdir(parents=True)
    (tmp_path / "shared/sub/a.md").touch()
    (folder / "a").symlink_to(tmp_path / "shared/sub")
    (folder / "b").symlink_to(tmp_path / "shared")
    assert find_files(folder, MARKDOWN).paths == ["a/a.md"]


def test_links_that_lead_nowhere_are_told_where_they_were_wanted(folder):
    (folder / "gone.md").symlink_to("nowhere")
    (folder / "one.md").symlink_to("two.md")
    (folder / "two.md").symlink_to("one.md")
    (folder / "picture.png").symlink_to("nowhere")
    found = find_files(folder, MARKDOWN)
    assert found.paths == []
    assert [(problem.path, problem.reason) for problem in found.problems] == [
        (
            "gone.md",
            "it is a link that leads nowhere (No such file or directory). Mend or remove it",
        ),
        (
            "one.md",
            "it is a link that leads nowhere (Too many levels of symbolic links)."
            " Mend or remove it",
        ),
        (
            "two.md",
            "it is a link that leads nowhere (Too many levels of symbolic links)."
            " Mend or remove it",
        ),
    ]


def test_a_link_whose_disk_is_gone_leaves_open_what_was_below_it(folder):
    (folder / "disk").symlink_to("/mnt/no such disk")
    found = find_files(folder, MARKDOWN)
    assert found.problems == []
    assert found.why_unknown("disk/a.md") == Problem(
        "disk", "it is a link that leads nowhere (No such file or directory). Mend or remove it"
    )
    assert found.why_unknown("disk2/a.md") is None


def test_pipes_are_told_and_not_opened(folder):
    os.mkfifo(folder / "pipe.md")
    os.mkfifo(folder / "pipe.txt")
    found = find_files(folder, MARKDOWN)
    assert found.problems == [
        Problem("pipe.md", "it is a device, pipe or socket. Give it another name")
    ]
    assert found.why_unknown("pipe.md") == found.problems[0]


def test_a_name_that_is_no_text_is_told(folder):
    file = os.fsencode(folder) + b"/caf\xe9.md"
    Path(os.fsdecode(file)).touch()
    found = find_files(folder, MARKDOWN)
    assert found.paths == []
    assert found.problems == [
        Problem("caf\udce9.md", "its name is no UTF-8, and cannot be stored. Rename it")
    ]


@pytest.mark.parametrize("wanted", ["gone", "file"])
def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path, wanted):
    (tmp_path / "file").touch()
    with pytest.raises(FolderError) as caught:
        find_files(tmp_path / wanted, MARKDOWN)
    why = {"gone": "No such file or directory", "file": "Not a directory"}[wanted]
    assert str(caught.value) == (
        f"the folder {tmp_path / wanted} cannot be read: {why}. Nothing of the collection was"
        " changed. Make the folder readable, and index again."
    )


@pytest.fixture
def without_rights():
    """A folder that anybody can reach, and the rights of nobody to look into others."""
    if os.geteuid() != 0:
        yield Path(tempfile.mkdtemp())
        return
    made = Path(tempfile.mkdtemp(dir=tempfile.gettempdir()))
    made.chmod(0o755)
    yield made
    os.seteuid(0)
    shutil.rmtree(made)


def test_a_folder_below_that_is_closed_leaves_open_what_lies_in_it(without_rights):
    (without_rights / "closed").mkdir()
    (without_rights / "closed/a.md").touch()
    (without_rights / "closed").chmod(0)
    (without_rights / "b.md").touch()
    if os.geteuid() == 0:
        os.seteuid(65534)
    found = find_files(without_rights, MARKDOWN)
    assert found.paths == ["b.md"]
    problem = Problem(
        "closed",
        "the folder cannot be read: Permission denied. Make it readable, and index again",
    )
    assert (found.problems, found.closed) == ([problem], [problem])
    assert found.why_unknown("closed/a.md") == problem
    assert found.why_unknown("a.md") is None
