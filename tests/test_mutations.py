"""The list of mutations can be run: each one fits its file, and its test is there."""

from __future__ import annotations

import re

from tests.mutations import ROOT, read_mutations

MUTATIONS = read_mutations()


def test_they_are_many_numbered_and_spread_over_both_packages():
    assert [mutation.number for mutation in MUTATIONS] == list(range(1, len(MUTATIONS) + 1))
    assert len(MUTATIONS) >= 173
    for package in ("src/pmd/", "src/pytest-pmd-migrations/"):
        assert sum(mutation.file.startswith(package) for mutation in MUTATIONS) >= 25, package


def test_the_old_lines_of_each_stand_once_in_its_file():
    assert [(m.number, m.file) for m in MUTATIONS if m.count() != 1 or m.old == m.new] == []


def test_the_test_that_kills_each_is_there():
    for mutation in MUTATIONS:
        file, _, name = mutation.test.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        function = name.partition("[")[0]
        assert re.search(rf"^def {function}\(", text, re.MULTILINE), mutation.test
