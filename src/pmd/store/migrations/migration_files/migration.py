"""A migration as a value: its number and file, and, when it is loaded, what the file holds."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pmd.store.migrations.errors import InvalidMigrationError

__all__ = ["LoadedMigration", "Migration"]


@dataclass(frozen=True, order=True)
class Migration:
    """One step: `version` is the number it leads to, `path` its module or script.

    `package` is the dotted name of the package that a module is imported under; empty for a
    module in a bare folder.
    """

    version: int
    slug: str
    path: Path
    package: str = field(default="", repr=False, compare=False)

    @cached_property
    def is_script(self) -> bool:
        """Whether it is an SQL script, which needs no sqlite-utils."""
        return self.path.suffix == ".sql"

    def load(self) -> LoadedMigration:
        """Import the module, or read the script, and return what it holds.

        A module is executed once a process, for as long as its file is unchanged. Raises
        InvalidMigrationError naming the file when it cannot be imported or read, when its VERSION
        is missing or another than its number, or when its `up` cannot run as a step.
        """
        words = self.slug.replace("_", " ")
        if self.is_script:
            return _load_script(self, default_description=words)
        # Here, since most opens of a database find it up to date and load nothing.
        from pmd.store.migrations.migration_files import module_contents, module_import

        module, path = module_import.import_once(self.path, self.package), self.path
        module_contents.check_version(module, path, self.version)
        return LoadedMigration(
            self,
            module_contents.read_description(module, path, default=words),
            module_contents.read_up(module, path),
            deletes=module_contents.read_declarations(module, path, "DELETES"),
            changes=module_contents.read_declarations(module, path, "CHANGES"),
            moves=module_contents.read_declarations(module, path, "MOVES"),
            verify=getattr(module, "verify", None),
            atomic=module_contents.read_atomic(module, path),
            excuses=module_contents.read_excuses(module, path),
        )


@dataclass(frozen=True)
class LoadedMigration:
    """A migration that can run: `up(db)` takes a `sqlite_utils.Database` inside its step.

    `deletes`, `changes`, `moves` and `verify` are the module's DELETES, CHANGES, MOVES and
    `verify` as they are written there: what it does to rows on purpose (docs/MIGRATIONS.md, Rows).
    `excuses` has its GUARDS, ORPHANS, SEQUENCES, COPIES, DANGLING, NEEDS_ROWS and AGAIN, as
    far as they are there.
    The runner does not read them; the migration tests do. A script declares nothing; `script` is
    its text, None for a module. A migration that is not `atomic` runs outside a transaction.
    """

    migration: Migration
    description: str
    up: Callable[[Any], object]
    deletes: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    moves: Mapping[str, Any] = field(default_factory=dict)
    verify: Callable[[Any, Any], object] | None = None
    atomic: bool = True
    excuses: Mapping[str, Any] = field(default_factory=dict)
    script: str | None = None


def _load_script(migration: Migration, *, default_description: str) -> LoadedMigration:
    try:
        # Half the time of opening it as a text, whose ends of lines these become.
        script = migration.path.read_bytes().removeprefix(BOM_UTF8).decode()
        script = script.replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise InvalidMigrationError(
            migration.path,
            f"cannot be read: {error.strerror}; expected a file that this user may read.",
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidMigrationError(
            migration.path, f"cannot be read: {error}; expected an SQL script in UTF-8."
        ) from error
    first = script.lstrip().partition("\n")[0].strip()
    comment = first.removeprefix("--").strip() if first.startswith("--") else ""

    def up(db: Any) -> None:  # noqa: ANN401 - sqlite-utils is imported only for a step
        db.executescript(script)

    return LoadedMigration(migration, comment or default_description, up, script=script)
