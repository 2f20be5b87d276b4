"""Put a file in the place of the project's databases while its migrations run.

Django reaches a database by an alias: through the connection of this thread, or through settings
from which it makes one. Both say the copy here, so that ``Model.objects``, ``connection`` and a
path taken from the settings mean it too, and no code has a way to the project's own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from pytest_pmd_migrations.sources.django.parts import part
from pytest_pmd_migrations.sources.heard_file import HeardConnection, is_heard

__all__ = ["ALIAS", "redirected"]

ALIAS = "default"
"""The alias of the database whose migrations are tested."""

_DUMMY = "django.db.backends.dummy"
_SQLITE = "django.db.backends.sqlite3"


@contextmanager
def redirected(file: Path) -> Iterator[Any]:
    """Have the database ``default`` be ``file`` in the block, and every other one refuse.

    Gives a new connection of Django's, which is closed behind the block; what each alias was
    connected to before is there again. ``DEBUG`` is off inside, as it keeps every statement.
    """
    settings = part("django.conf", "settings")
    connections = part("django.db", "connections")
    debug = settings.DEBUG
    with ExitStack() as stack:
        stack.callback(setattr, settings, "DEBUG", debug)
        settings.DEBUG = False
        for alias in connections:
            stack.enter_context(_replaced(connections, alias, file))
        yield connections[ALIAS]


@contextmanager
def _replaced(connections: Any, alias: str, file: Path) -> Iterator[None]:  # noqa: ANN401
    own, settings = _connected(connections, alias), connections.settings[alias]
    kept = dict(settings)
    path = file if alias == ALIAS else file.with_name(f"{file.stem}-{alias}.db")
    # Another thread makes its own connection, and code may read the path.
    settings["NAME"] = str(path)
    if alias == ALIAS and is_heard():
        settings["OPTIONS"] = {"factory": HeardConnection, **settings["OPTIONS"]}
    try:
        connection = _new_connection(connections, alias, settings)
        connections[alias] = connection
        try:
            yield
        finally:
            connection.close()
    finally:
        settings.clear()
        settings.update(kept)
        if own is None:
            if _connected(connections, alias) is not None:
                del connections[alias]
        else:
            connections[alias] = own


def _connected(connections: Any, alias: str) -> Any:  # noqa: ANN401
    """Return this thread's connection of an alias, None where there is none yet."""
    return getattr(connections._connections, alias, None)


def _new_connection(connections: Any, alias: str, settings: dict[str, Any]) -> Any:  # noqa: ANN401
    if alias == ALIAS:
        connection = connections.create_connection(alias)
        # Kept by somebody, it must not lead to the project's file when the settings do again.
        connection.settings_dict = dict(settings)
        return connection
    if settings["ENGINE"] == _SQLITE:
        # A query is made into SQL before it is refused, which Django's dummy cannot do.
        connection = connections.create_connection(alias)
    else:
        connection = part(f"{_DUMMY}.base", "DatabaseWrapper")(dict(settings), alias)
    connection.ensure_connection = connection.cursor = _refusal(alias)
    return connection


def _refusal(alias: str) -> Any:  # noqa: ANN401
    error = part("django.db.utils", "OperationalError")

    def refuse(*_: object, **__: object) -> NoReturn:
        raise error(
            f"the database {alias!r} was asked for, and only {ALIAS!r} is tested: expected"
            f" migrations that work on schema_editor.connection.alias"
        )

    return refuse
