"""Load an Alembic environment: its scripts, its revisions, and what its env.py configures."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import MigrationTestError, SourceError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.where_raised import raised_where
from pytest_pmd_migrations.sources.alembic.databases import FileDatabase
from pytest_pmd_migrations.sources.alembic.environment import Environment
from pytest_pmd_migrations.sources.alembic.history import Revision
from pytest_pmd_migrations.sources.protocol import Location

__all__ = ["load_revisions", "load_scripts", "refusing", "version_table"]

_CREATED = re.compile(r"^Create Date: *(.+)$", re.MULTILINE)
_TWICE = "present more than once"


def load_scripts(directory: Any, config: Any, folder: Path, named: str) -> Any:  # noqa: ANN401
    """Return the scripts that Alembic's settings name; ``directory`` is its class for them.

    ``folder`` is where its command would be called. Raises SourceError where they cannot be
    found, or have no env.py.
    """
    before = len(sys.path)
    with refusing(named), chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripts = directory.from_config(config)
        # What it put there is relative to the folder, and tests may run in another one.
        added = len(sys.path) - before
        sys.path[:added] = [str(folder / one) for one in sys.path[:added]]
        scripts.dir = str(Path(scripts.dir).absolute())
    if not (Path(scripts.dir) / "env.py").is_file():
        raise SourceError(
            f"{named}: its script_location {scripts.dir} has no env.py; expected the folder that"
            " alembic init made"
        )
    return scripts


def load_revisions(scripts: Any, folder: Path, named: str) -> tuple[Revision, ...]:  # noqa: ANN401
    """Return every revision of Alembic's scripts.

    Raises SourceError where there is none, one comes after another that is not there, two have
    one id, some come in a circle, or a file cannot be imported.
    """
    with refusing(named), chdir(folder), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = [_revision(one, scripts, named) for one in scripts.walk_revisions()]
        except KeyError as error:
            raise SourceError(
                f"{named}: a revision comes after {error}, by down_revision or depends_on, and no"
                f" file in {_folders_of(scripts)} has that id; expected one"
            ) from error
    twice = [str(one.message) for one in told if _TWICE in str(one.message)]
    if twice:
        raise SourceError(f"{named}: {twice[0]}; expected one file for each id")
    if not found:
        raise SourceError(
            f"{named} has no migrations in {_folders_of(scripts)}; expected at least one."
            ' Write the first: alembic revision -m "initial schema"'
        )
    return tuple(found)


def version_table(environment: Environment, named: str) -> str:
    """Return the name of the table in which env.py lets Alembic keep what is applied.

    env.py runs once for that, on an empty database of its own. Raises SourceError where it
    raises, leaves, connects to anything but SQLite, or migrates nothing.
    """
    names: list[str] = []

    def note(_heads: object, context: Any) -> Iterable[Any]:  # noqa: ANN401 - Alembic's
        names.append(context.version_table)
        return ()

    with refusing(named), TemporaryFolder(in_memory=True) as folder:
        environment.run(FileDatabase(folder / "empty.db"), (), note)
    return names[0]


@contextmanager
def refusing(named: str) -> Iterator[None]:
    """Raise SourceError, one line, for whatever is raised in the block but KeyboardInterrupt."""
    try:
        yield
    except SourceError as error:
        raise SourceError(_naming(named, str(error))) from error
    except (MigrationTestError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        raise SourceError(
            f"{named}: it ended Python by sys.exit({error.code!r}){_where_it_left(error)}; expected"
            " that it runs to its end"
        ) from error
    except BaseException as error:
        raise SourceError(f"{named}: {printable_line(raised_where(error))}") from error


def _naming(named: str, text: str) -> str:
    return text if text.startswith(named) else f"{named}: {text}"


def _where_it_left(error: BaseException) -> str:
    _, bracket, place = raised_where(error).rpartition(" (")
    return f"{bracket}{place}" if bracket else ""


def _folders_of(scripts: Any) -> str:  # noqa: ANN401 - Alembic's
    locations = scripts.version_locations or [str(Path(scripts.dir) / "versions")]
    return " or ".join(map(str, locations))


def _revision(script: Any, scripts: Any, named: str) -> Revision:  # noqa: ANN401 - Alembic's
    parents = [*scripts.get_revisions(script.down_revision), *_dependencies(script, scripts)]
    upgrade = getattr(script.module, "upgrade", None)
    path = Path(script.path).absolute()
    if not callable(upgrade):
        raise SourceError(f"{named}: {path.name} has no function upgrade(); expected one")
    code: Any = getattr(upgrade, "__code__", None)
    own = code is not None and Path(code.co_filename).name == path.name
    created = _CREATED.search(script.longdoc)
    return Revision(
        script.revision,
        frozenset(one.revision for one in parents if one is not None),
        Location(path, code.co_firstlineno if own else 1),
        created.group(1).strip() if created else "",
    )


def _dependencies(script: Any, scripts: Any) -> Iterator[Any]:  # noqa: ANN401 - Alembic's
    named = script.dependencies or ()
    for one in (named,) if isinstance(named, str) else named:
        # It may be a branch's label.
        yield from scripts.get_revisions(one)
