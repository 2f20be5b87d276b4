"""Find the source that the text of a setting names: a package, a folder, or an object."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_pmd_migrations.connections.connection import Prepare
from pytest_pmd_migrations.errors import SettingError, SourceError
from pytest_pmd_migrations.messages.where_raised import find_syntax_error, raised_where
from pytest_pmd_migrations.messages.wording import error_text, shown_path
from pytest_pmd_migrations.sources.close_names import (
    close_attributes,
    close_folder,
    close_package,
    did_you_mean,
    tool_of,
    with_colon,
)
from pytest_pmd_migrations.sources.numbered.files_source import FilesSource
from pytest_pmd_migrations.sources.numbered.find_own_runner import modules_with_runner
from pytest_pmd_migrations.sources.numbered.own_runner import has_own_runner, own_runner_source
from pytest_pmd_migrations.sources.numbered.pmd_runner import pmd_runner_source
from pytest_pmd_migrations.sources.protocol import Source, check_source, usable_name
from pytest_pmd_migrations.sources.sql_folder import sql_folder_source
from pytest_pmd_migrations.sources.tool_sources import is_command_line, tool_source
from pytest_pmd_migrations.sources.unread_settings import (
    BY_COMMAND,
    BY_FOLDER,
    BY_LIST,
    ini,
    refuse_unread,
)
from pytest_pmd_migrations.sources.what_was_meant import (
    refuse_file,
    refuse_missing_colon,
    refuse_module,
    refuse_spelling,
    refuse_unnumbered,
)

__all__ = ["resolve_connection", "resolve_source"]

_LISTS = (list, tuple, dict)
_FIRST = 'Write the first: pmd-migrations new "initial schema"'


def resolve_source(
    text: str,
    *,
    root: Path,
    setting: str = "migration_source",
    allow_empty: bool = False,
    config: object = None,
) -> Source:
    """Return the source that ``text`` names.

    ``"app.migrations"`` is a package, ``"db/sql"`` a folder below ``root``, ``"app.db:thing"`` an
    object (or a function without arguments that returns one). ``root`` and ``root/src`` are put
    on ``sys.path`` when the name cannot be imported without. ``allow_empty`` takes a source that
    has no migration yet.
    Raises SourceError, one line, naming the setting and, where a name is close, what was meant.
    """
    named = f"{setting} {text!r}"
    found: object = tool_source(text, root, named)
    read: tuple[str, ...] = BY_COMMAND if found is not None and is_command_line(text) else ()
    if found is None:
        refuse_spelling(text, root, named)
        if ":" in text:
            found = _object(text, root, named)
            read = BY_LIST if isinstance(found, _LISTS) else ()
            found = _source_of(found, text, named, config)
        elif "/" in text or ((root / text).is_dir() and "." not in text):
            read = BY_FOLDER
            found = _folder_source(root / text, root, named, ini(config, "migration_dialect"))
        else:
            found = _package_source(_import(text, root, named), root, named)
    refuse_unread(text, setting, config, read)
    if isinstance(found, FilesSource) and not found.files:
        refuse_unnumbered(found.folder, root, named, allow_empty=allow_empty)
    advice = _FIRST if isinstance(found, FilesSource) else ""
    return check_source(found, setting=named, allow_empty=allow_empty, advice=advice, config=config)


def resolve_connection(
    text: str, *, root: Path, setting: str = "migration_connection"
) -> tuple[tuple[str, Prepare], ...]:
    """Return the function that ``text`` names, with its name in messages; nothing for no text.

    ``"app.db:prepare"`` is a module and a function in it, which is called with each connection.
    Raises SettingError, one line, naming the setting and, where a name is close, what was meant.
    """
    named = f"{setting} {text!r}"
    if not text:
        return ()
    module, colon, attribute = text.partition(":")
    if not (module and colon and attribute) or "/" in module or text.strip("\"' ") != text:
        raise SettingError(
            f'{named} names no function; expected "app.db:prepare", a module\'s dotted name and,'
            " after a colon, a function prepare(conn) in it"
        )
    try:
        found = _attribute(text, root, named, suggest=False)
    except SourceError as error:
        raise SettingError(str(error)) from error
    if not callable(found):
        raise SettingError(
            f"{named} cannot be called: it is a {type(found).__name__}; expected a function"
            " prepare(conn) that adds functions and collations to a connection"
        )
    return ((named, found),)


def _folder_source(folder: Path, root: Path, named: str, dialect: str) -> object:
    """Return the source of a folder: a runner of its own comes before a tool's rules, if not named.

    pmd's runner runs what neither of them does.
    """
    if not folder.is_dir():
        meant = did_you_mean(close_folder(folder, root))
        raise SourceError(f"{named} is no folder: {folder} does not exist{meant}")
    own = None if dialect else _own_source(folder, named)
    return (
        own
        or sql_folder_source(folder, root, named, dialect)
        or pmd_runner_source(folder, folder, name=usable_name(folder.name), setting=named)
    )


def _package_source(package: ModuleType, root: Path, named: str) -> FilesSource:
    """Return the source of a package: its own ``MigrationRunner`` runs the files, or pmd's."""
    file = Path(package.__file__ or next(iter(package.__path__))).resolve()
    folder = file.parent if file.is_file() else file
    if has_own_runner(package):
        return own_runner_source(package, folder, setting=named)
    if not hasattr(package, "__path__"):
        refuse_module(package, root, named)
    own = _own_source(folder, named)
    if own is not None:
        return own
    source = pmd_runner_source(package, folder, name=package.__name__, setting=named)
    if not source.files:
        refuse_missing_colon(package, named)
    return source


def _own_source(folder: Path, named: str) -> FilesSource | None:
    """Return the source of a folder whose files a runner of the application's own applies."""
    for root, name in modules_with_runner(folder.resolve()):
        module = _import(name, root, named)
        file = Path(str(module.__file__)).resolve()
        if file.parent not in (folder.resolve(), folder.resolve().parent):
            raise SourceError(
                f"{named}: its runner is in the module {name}, but Python has {shown_path(file)}"
                " under that name. Rename the folder, or name the migrations by their package"
            )
        if has_own_runner(module):
            return own_runner_source(module, file.parent, setting=named)
    return None


def _object(text: str, root: Path, named: str) -> object:
    found = _attribute(text, root, named)
    # An object of sqlite-utils can be called too, and would return a decorator.
    if tool_of(found):
        return found
    if callable(found) and (isinstance(found, type) or not hasattr(found, "upgrade")):
        try:
            found = found()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise SourceError(
                f"{named} cannot be used: {text.partition(':')[2]}() raised {error_text(error)};"
                " expected a source, or a function without arguments that returns one"
            ) from error
    return found


def _source_of(found: object, text: str, named: str, config: Any) -> object:  # noqa: ANN401 - pytest's Config
    """Return the source of an object of sqlite-utils or of a list; any other is one itself."""
    if tool_of(found):
        from pytest_pmd_migrations.sources.in_python.sqlite_utils_source import SqliteUtilsSource

        return SqliteUtilsSource(found, named)
    if isinstance(found, _LISTS):
        from pytest_pmd_migrations.sources.in_python.list_source import list_source

        applied = ini(config, "migration_applied")
        file = Path(str(sys.modules[text.partition(":")[0]].__file__))
        return list_source(found, file, text, named, applied)
    return found


def _attribute(text: str, root: Path, named: str, *, suggest: bool = True) -> object:
    """Return what a module's attribute is; ``suggest`` names packages of migrations that are close.

    Raises SourceError where there is none.
    """
    module_name, _, attribute = text.partition(":")
    found: object = _import(module_name, root, named, suggest=suggest)
    for name in attribute.removesuffix("()").split("."):
        if not hasattr(found, name):
            meant = did_you_mean(*close_attributes(name, found))
            raise SourceError(f"{named} cannot be used: {module_name} has no {name!r}{meant}")
        found = getattr(found, name)
    return found


def _import(name: str, root: Path, named: str, *, suggest: bool = True) -> ModuleType:
    for folder in (root, root / "src"):
        top = folder / name.partition(".")[0]
        found = top.is_dir() or top.with_suffix(".py").is_file()
        if found and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if suggest and (root / name).is_file():
            refuse_file(root / name, root, named)
        reason = _reason(error, name)
        close = (with_colon(name) or close_package(name, root)) if suggest else ""
        meant = did_you_mean(close) if close else ""
        raise SourceError(f"{named} cannot be imported: {reason}{meant}") from error


def _reason(error: BaseException, name: str) -> str:
    """Return what the import of a module raised, and the line of the application that did."""
    syntax = find_syntax_error(error)
    if syntax is not None:
        where = f"{shown_path(Path(str(syntax.filename)))}:{syntax.lineno or 1}"
        return f"{type(syntax).__name__}: {syntax.msg} ({where})"
    reason = raised_where(error)
    if isinstance(error, ModuleNotFoundError):
        if f"{name}.".startswith(f"{error.name}."):
            return str(error)
        return reason.removeprefix(f"{type(error).__name__}: ")
    return reason
