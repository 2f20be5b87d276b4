"""Refuse a setting whose text names no source: say what it names, and what was meant."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.close_names import (
    below,
    close_package,
    did_you_mean,
    first_numbered,
    shown_below,
    source_names,
)
from pytest_pmd_migrations.sources.numbered.numbered_files import has_files, versions_folder

__all__ = [
    "refuse_file",
    "refuse_missing_colon",
    "refuse_module",
    "refuse_spelling",
    "refuse_unnumbered",
]

_FORMS = 'expected a package "app.migrations", a folder "db/sql" or an object "app.db:thing"'
_DATABASE = b"SQLite format 3\x00"
_DATABASE_ENDINGS = (".db", ".sqlite", ".sqlite3", ".db3")
_SHOWN = 3


def refuse_spelling(text: str, root: Path, named: str) -> None:
    """Raise SourceError for a text with quotes or blanks around it, or the path of a file."""
    bare = text.strip("\"' ")
    if bare != text:
        raise SourceError(
            f"{named} has quotes or blanks around it, which an ini file takes as they are"
            f"{did_you_mean(bare)}"
        )
    path, colon, attribute = text.partition(":")
    if path.startswith(".") and "/" not in path:
        bare = path.lstrip(".")
        meant = f"{bare}{colon}{attribute}" if bare else f"{path}/"
        raise SourceError(
            f"{named} begins with a dot, as no name does that is imported from anywhere; {_FORMS}"
            f"{did_you_mean(meant)}"
        )
    if (root / path).is_file() and ("/" in path or path.endswith((".py", ".sql"))):
        refuse_file(root / path, root, named, attribute=attribute)
    if colon and "/" in path:
        meant = f"{path.strip('./').replace('/', '.')}:{attribute}"
        raise SourceError(
            f"{named} is a path with an object; expected a module's dotted name before the colon"
            f"{did_you_mean(meant)}"
        )


def refuse_file(file: Path, root: Path, named: str, *, attribute: str = "") -> None:
    """Raise SourceError: the text names a file, of whichever kind."""
    with file.open("rb") as content:
        is_database = content.read(len(_DATABASE)) == _DATABASE
    if is_database or file.suffix in _DATABASE_ENDINGS:
        meant = did_you_mean(first_numbered(root))
        raise SourceError(f"{named} is a database; its migrations are expected: {_FORMS}{meant}")
    if file.name[0].isdigit() and has_files(file.parent):
        meant = did_you_mean(_setting_of(file.parent, root))
        raise SourceError(f"{named} is one migration; expected the folder that holds all{meant}")
    if file.suffix == ".py":
        meant = did_you_mean(f"{_dotted(file, root)}:{attribute or 'NAME'}")
        raise SourceError(
            f"{named} is a file; expected a module's dotted name and, after a colon, the name of"
            f" the source in it{meant}"
        )
    raise SourceError(f"{named} is a file; {_FORMS}")


def refuse_module(module: ModuleType, root: Path, named: str) -> None:
    """Raise SourceError: the text names a module that is no package and has no MigrationRunner."""
    refuse_missing_colon(module, named)
    name = module.__name__
    package, folder = name.rpartition(".")[0], Path(str(module.__file__)).parent
    files = versions_folder(folder)
    if package and has_files(files):
        if files.name == "migrations" and files != folder:
            package += ".migrations"
        raise SourceError(
            f"{named} is a module without a class MigrationRunner; expected the package, whose"
            f" files pmd's runner runs, or a source in the module"
            f"{did_you_mean(package, f'{name}:NAME')}"
        )
    raise SourceError(
        f"{named} is a module without migrations, and no source stands in it;"
        f" {_FORMS}{did_you_mean(close_package(name, root))}"
    )


def refuse_missing_colon(module: ModuleType, named: str) -> None:
    """Raise SourceError where sources stand in the module that the text names; else do nothing."""
    found = source_names(module)
    if found:
        meant = did_you_mean(*(f"{module.__name__}:{name}" for name in found))
        raise SourceError(
            f"{named} is a module; expected, after a colon, the name of the source in it{meant}"
        )


def refuse_unnumbered(folder: Path, root: Path, named: str, *, allow_empty: bool) -> None:
    """Raise SourceError where the migrations lie below a folder that has none itself.

    Unless it may be empty, also where it holds other files; else do nothing.
    """
    numbered = [other for other in below(folder) if has_files(other)]
    if numbered:
        meant = did_you_mean(*(_setting_of(other, root) for other in numbered[:_SHOWN]))
        raise SourceError(f"{named} has no migrations; there are some below it{meant}")
    others = sorted(file.name for file in folder.iterdir() if file.suffix in (".sql", ".py"))
    others = [name for name in others if not name.startswith("_")]
    if others and not allow_empty:
        more = " and others" if len(others) > _SHOWN else ""
        raise SourceError(
            f"{named} has no migrations; expected names that begin with a number, as in"
            f" 0001_initial.sql, and there are {', '.join(others[:_SHOWN])}{more}. Rename them, or"
            ' write the first: pmd-migrations new "initial schema"'
        )


def _setting_of(folder: Path, root: Path) -> str:
    """Return what the setting would name a folder of migrations: its package, or its path."""
    if (folder / "__init__.py").is_file():
        return _dotted(folder, root)
    return shown_below(root, folder)


def _dotted(file: Path, root: Path) -> str:
    base = root / "src" if file.is_relative_to(root / "src") else root
    parts = file.relative_to(base).parts if file.is_relative_to(base) else (file.name,)
    return ".".join(parts).removesuffix(".py").removesuffix(".__init__")
