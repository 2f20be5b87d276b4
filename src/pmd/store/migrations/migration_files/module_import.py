"""Import a migration's module, once a process for as long as its file is unchanged."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zlib
from pathlib import Path
from types import ModuleType

from pmd.store.migrations.errors import InvalidMigrationError

__all__ = ["import_once"]


def import_once(path: Path, package: str) -> ModuleType:
    """Return the module at `path`; `package` is its package's dotted name, or empty.

    Without a package, the module is executed again only when the bytes of its file have changed
    (or when two threads load it for the first time at once). Raises InvalidMigrationError, with
    whatever the import raised as its cause.
    """
    try:
        if package:
            return importlib.import_module(f"{package}.{path.stem}")
        return _import_file(path)
    except Exception as error:
        cannot_be_imported = (
            f"cannot be imported: {type(error).__name__}: {error}. Mend the module; no step was"
            " taken."
        )
        raise InvalidMigrationError(path, cannot_be_imported) from error


def _import_file(path: Path) -> ModuleType:
    # A name of its own, since every application may have a 0001_initial.
    absolute = str(path.absolute())
    digest = zlib.crc32(absolute.encode("utf-8", "surrogateescape"))
    name = f"migration_{path.stem}_{digest:08x}"
    executed = absolute, path.read_bytes()
    known = sys.modules.get(name)
    if known is not None and known.__spec__ and known.__spec__.loader_state == executed:
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no loader for {path.name}")
    module = importlib.util.module_from_spec(spec)
    # Before it runs: dataclasses, for one, look their module up.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    # After it ran: a module that raised half-way is executed again.
    spec.loader_state = executed
    return module
