"""Recognise whose scripts lie in a folder: by what stands in them, by names, by files around them.

Each file is as one tool has it, its text before its name. Where two tools name theirs alike, the
project's own files decide (``Cargo.toml``), else the one that more people use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import (
    DBMATE_UP,
    DIESEL_SCRIPT,
    DRIZZLE_JOURNAL,
    FLYWAY_REPEATABLE,
    FLYWAY_VERSIONED,
    GOOSE_ANNOTATION,
    PRISMA_LOCK_FILE,
    PRISMA_SCRIPT,
    REFINERY_MODULE,
    UP_SCRIPT,
)

__all__ = ["PMD", "Claim", "recognise"]

PMD = "pmd"
_PLAIN = re.compile(r"\d+_.*\.sql")
_MODULE = re.compile(r"\d+_\w+\.py")
_STAMPED = re.compile(r"\d{14}_.*\.sql")
_SQLX_TEMPLATE = re.compile(r"^-- (?:Add (?:up )?migration script here|no-transaction)")
_OWN_PLAIN = ("goose", "dbmate", "drizzle", "sqlx")
"""The tools whose scripts are named as pmd's are."""


class Claim(NamedTuple):
    """What a file says: that it is as a tool has it, and by what; ``file`` is its path as shown."""

    dialect: str
    file: str
    reason: str


@dataclass(frozen=True)
class _Around:
    """What lies around a file, looked at once for all of them."""

    folder: SqlFolder

    @cached_property
    def is_of_refinery(self) -> bool:
        """Whether the folder is in a Rust project with refinery, or has its modules."""
        path = self.folder.path
        return _cargo_names(self.folder, "refinery") or any(path.rglob("[UV]*__*.rs"))

    @cached_property
    def is_of_sqlx(self) -> bool:
        """Whether the folder is in a Rust project with sqlx."""
        return _cargo_names(self.folder, "sqlx")

    @cached_property
    def has_direction(self) -> bool:
        """Whether there are scripts with a direction: ``1_name.up.sql``."""
        return any(UP_SCRIPT.fullmatch(path.name) for path in self.folder.files)

    @cached_property
    def has_plain(self) -> bool:
        """Whether there are scripts without one: ``1_name.sql``."""
        return any(_is_plain(path.name) for path in self.folder.files)


def recognise(folder: SqlFolder) -> Claim | None:
    """Return which tool's scripts these are; None where they are pmd's, or nobody's.

    Raises SourceError, one line, where they are those of two.
    """
    claims: dict[str, Claim] = {}
    for claim in _claims(folder):
        claims.setdefault(claim.dialect, claim)
    if claims.keys() & {*_OWN_PLAIN}:
        has_modules = any(_MODULE.fullmatch(path.name) for path in folder.files)
        if not has_modules:
            claims.pop(PMD, None)
    if set(claims) <= {PMD}:
        return None
    if len(claims) > 1:
        first, second = sorted(claims.values(), key=lambda claim: claim.file)[:2]
        raise SourceError(
            f"{folder.named}: there are two dialects in one folder: {first.file} is as"
            f" {first.dialect} has it, and"
            f" {second.file} as {second.dialect}; expected one. Move the one away, or say which:"
            f' migration_dialect = "{first.dialect}"'
        )
    return next(iter(claims.values()))


def _claims(folder: SqlFolder) -> Iterator[Claim]:
    yield from _claims_of_folders(folder)
    if (folder.path / DRIZZLE_JOURNAL).is_file():
        yield Claim("drizzle", DRIZZLE_JOURNAL, DRIZZLE_JOURNAL)
    around = _Around(folder)
    for path in folder.files:
        claim = _claim_of_file(around, path)
        if claim is not None:
            yield claim
    for path in folder.scripts_below():
        if path.parent != folder.path and FLYWAY_VERSIONED.fullmatch(path.name):
            yield _versioned(around, path)


def _claims_of_folders(folder: SqlFolder) -> Iterator[Claim]:
    for inner in folder.folders:
        script = inner / PRISMA_SCRIPT
        if script.is_file():
            if (inner / "snapshot.json").is_file():
                raise SourceError(
                    f"{folder.named}: {folder.shown(script)} with a snapshot.json is as"
                    " drizzle-kit 1 has it, whose"
                    f" folders are not known here; expected {DRIZZLE_JOURNAL}, as before it. Name a"
                    " source of your own, or a command"
                )
            yield Claim("prisma", folder.shown(script), folder.shown(script))
        if (inner / DIESEL_SCRIPT).is_file():
            shown = folder.shown(inner / DIESEL_SCRIPT)
            yield Claim("diesel", shown, shown)


def _claim_of_file(around: _Around, path: Path) -> Claim | None:
    folder, name = around.folder, path.name
    if _MODULE.fullmatch(name):
        return Claim(PMD, name, name)
    if path.suffix == ".rs" and REFINERY_MODULE.fullmatch(name):
        return Claim("refinery", name, name)
    if path.suffix != ".sql":
        return Claim("prisma", name, name) if name == PRISMA_LOCK_FILE else None
    text = folder.glimpse(path)
    if GOOSE_ANNOTATION.search(text):
        return Claim("goose", name, f"-- +goose in {name}")
    if DBMATE_UP.search(text):
        return Claim("dbmate", name, f"-- migrate:up in {name}")
    if UP_SCRIPT.fullmatch(name):
        return _with_direction(around, path, text)
    if FLYWAY_VERSIONED.fullmatch(name):
        return _versioned(around, path)
    if FLYWAY_REPEATABLE.fullmatch(name):
        return Claim("flyway", name, name)
    if _PLAIN.fullmatch(name) and not name.endswith(".down.sql"):
        return _plain(around, name, text)
    return None


def _versioned(around: _Around, path: Path) -> Claim:
    """Return whose a script ``V1__name.sql`` is: refinery has no dots in a version."""
    shown = around.folder.shown(path)
    if around.is_of_refinery:
        return Claim("refinery", shown, f"{shown}, in a Rust project with refinery")
    return Claim("flyway", shown, shown)


def _with_direction(around: _Around, path: Path, text: str) -> Claim:
    """Return whose a script ``1_name.up.sql`` is."""
    reason = _sqlx_reason(around, path.name, text)
    if reason:
        return Claim("sqlx", path.name, reason)
    if around.has_plain:
        return Claim("sqlx", path.name, f"{path.name} beside scripts without a direction")
    return Claim("golang-migrate", path.name, path.name)


def _plain(around: _Around, name: str, text: str) -> Claim:
    """Return whose a script ``0001_name.sql`` is, as which pmd and sqlx name theirs."""
    reason = _sqlx_reason(around, name, text)
    if not reason and around.has_direction:
        reason = f"{name} beside scripts with a direction"
    if not reason and _STAMPED.fullmatch(name):
        reason = name
    return Claim("sqlx", name, reason) if reason else Claim(PMD, name, name)


def _sqlx_reason(around: _Around, name: str, text: str) -> str:
    if around.is_of_sqlx:
        return f"{name}, in a Rust project with sqlx"
    template = _SQLX_TEMPLATE.match(text)
    return f"{template[0]} in {name}" if template else ""


def _is_plain(name: str) -> bool:
    return bool(_PLAIN.fullmatch(name)) and not re.search(r"\.(?:up|down)\.sql$", name)


def _cargo_names(folder: SqlFolder, crate: str) -> bool:
    """Return whether a Cargo.toml in the folder or above it depends on a crate."""
    pattern = re.compile(rf"^\s*(?:\[.*dependencies\.)?{crate}\b", re.MULTILINE)
    return any(pattern.search(text) for text in folder.above("Cargo.toml"))
