"""Glob patterns choose paths as a shell does, and what can match nothing is refused."""

from __future__ import annotations

import pytest

from pmd.indexing.errors import PatternError
from pmd.indexing.patterns import Patterns, check_pattern
from tests.every import for_every


@for_every(
    "pattern, wanted, others",
    [
        ("**/*.md", ["a.md", "x/a.md", "x/y/z.md", "[a].md"], ["a.txt", "x/a.MD", "a.md/b"]),
        ("*.md", ["a.md"], ["x/a.md"]),
        ("x/*.md", ["x/a.md"], ["a.md", "x/y/a.md", "y/a.md"]),
        ("x/**", ["x/a.md", "x/y/b"], ["y/a.md", "x/.git/b"]),
        ("**/draft/*.md", ["draft/a.md", "x/draft/a.md"], ["draft/x/a.md"]),
        ("**/[ab]?.md", ["a1.md", "x/b2.md"], ["c1.md", "a.md"]),
        ("x/**/y/*.md", ["x/y/a.md", "x/1/2/y/a.md"], ["x/a.md"]),
        ("**/x/**/*.md", ["x/a.md", "y/x/a.md", "y/x/1/2/a.md"], ["y/a.md", ".y/x/a.md"]),
        ("**/**/**/*.md", ["a.md", "x/y/a.md"], ["x/a"]),
    ],
)
def test_a_pattern_matches_paths_below_the_folder(pattern, wanted, others):
    patterns = Patterns([pattern])
    assert [path for path in [*wanted, *others] if patterns.match(path)] == wanted


def test_names_with_a_dot_before_them_are_matched_only_by_a_dot():
    hidden = [".a.md", ".git/a.md", "x/.trash/a.md", "x/.a.md"]
    assert not any(map(Patterns(["**/*.md", "*/*.md"]).match, hidden))
    patterns = Patterns([".git/*.md", "**/.a.md"])
    assert [path for path in hidden if patterns.match(path)] == [".a.md", ".git/a.md", "x/.a.md"]


def test_one_of_several_patterns_is_enough():
    patterns = Patterns(["*.md", "*.txt"])
    assert [patterns.match(path) for path in ("a.md", "a.txt", "a.rst")] == [True, True, False]


@pytest.mark.parametrize(
    ("patterns", "depth", "hidden"),
    [(["**/*.md"], None, False), (["*.md", ".x/y/*.md"], 3, True), ([], 0, False)],
)
def test_patterns_tell_how_deep_and_into_what_to_walk(patterns, depth, hidden):
    made = Patterns(patterns)
    assert (made.depth, made.hidden) == (depth, hidden)


def test_many_stars_take_no_time():
    pattern = "/".join(["**"] * 30 + ["x"])
    assert not Patterns([pattern]).match("/".join("a" * 60))


@for_every(
    "pattern, what",
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("/home/*.md", "it has an empty part, '.' or '..', and is matched below the folder"),
        ("../*.md", "it has an empty part, '.' or '..', and is matched below the folder"),
        ("./*.md", "it has an empty part, '.' or '..', and is matched below the folder"),
        ("docs/", "it has an empty part, '.' or '..', and is matched below the folder"),
        ("docs\\*.md", "its folders are divided by '/', not by '\\'"),
        ("*.{md,txt}", "braces are not read. Give --glob once for each alternative"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_refused(pattern, what):
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert str(caught.value) == (
        f"the pattern {pattern!r} can match no file: {what}. Expected one such as '**/*.md'."
    )
