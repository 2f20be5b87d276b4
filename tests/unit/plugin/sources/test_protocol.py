"""The answers of a source are checked: its versions, labels and declarations."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources import resolve_source
from pytest_pmd_migrations.sources.protocol import check_source, declared_by, label_of

from tests.every import for_every
from tests.unit.plugin.sources.conftest import package


@for_every(
    "versions, text",
    [
        (
            [],
            "x has no migrations; expected at least one",
        ),
        ([1, True], "x has the version True; expected integers from 1 to 2147483647"),
        ([0], "x has the version 0; expected integers from 1 to 2147483647"),
        ([2**31], "x has the version 2147483648; expected integers from 1 to 2147483647"),
        ([1, 1], "x lists its versions as [1, 1]; expected each once, ascending"),
        ([2, 1], "x lists its versions as [2, 1]; expected each once, ascending"),
    ],
)
def test_versions_that_cannot_be_walked_are_refused(versions: list[int], text: str) -> None:
    candidate = SimpleNamespace(name="n", versions=lambda: versions, location=print, upgrade=print)
    with pytest.raises(SourceError) as caught:
        check_source(candidate, setting="x")
    assert str(caught.value) == text


def test_declarations_of_another_type_are_refused() -> None:
    source = SimpleNamespace(name="n", declarations=lambda _: {"t": "DROP"})
    with pytest.raises(SourceError) as caught:
        declared_by(source, 3)  # type: ignore[arg-type]  # only what is asked for
    assert str(caught.value) == (
        "source n: declarations(3) returned a dict; expected pytest_pmd_migrations.Declarations"
    )


@pytest.mark.parametrize("label", ["9c1f0a77b2d4", "add the tags", ""])
def test_a_source_may_call_a_migration_by_another_name(label: str) -> None:
    source = SimpleNamespace(name="n", label=lambda version: label if version == 3 else "another")
    assert label_of(source, 3) == label  # type: ignore[arg-type]  # only what is asked for


def test_an_attribute_called_label_that_is_no_method_is_something_else() -> None:
    source = SimpleNamespace(name="n", label="My cache")
    assert label_of(source, 1) == ""  # type: ignore[arg-type]  # only what is asked for


def test_a_source_without_labels_has_none(tmp_path: Path) -> None:
    assert label_of(resolve_source("shop.migrations", root=package(tmp_path)), 1) == ""


@for_every("label", [None, 7, " 9c1f", "9c1f\n", "two\nlines", "\x1b[31mred"])
def test_a_label_that_is_no_line_of_text_is_refused(label: object) -> None:
    source = SimpleNamespace(name="n", label=lambda _: label)
    with pytest.raises(SourceError) as caught:
        label_of(source, 3)  # type: ignore[arg-type]  # only what is asked for
    assert str(caught.value) == (
        f"source n: label(3) returned {label!r}; expected one printable line of text without"
        " spaces at its ends"
    )


def test_a_label_that_cannot_be_asked_for_names_the_call() -> None:
    def label(version: int) -> str:
        raise KeyError(version)

    with pytest.raises(SourceError) as caught:
        label_of(SimpleNamespace(name="n", label=label), 3)  # type: ignore[arg-type]  # only what is asked for
    assert str(caught.value) == "source n: label(3) raised KeyError: 3"
