"""Replace ``connect`` wherever a module holds it, so that a run's connections can be watched.

`sqlite3.connect` (and pysqlite3's, where loaded) then gives connections that share their callbacks:
a runner may set an authorizer, a trace or a progress handler of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import SimpleNamespace
from typing import Any, ClassVar, Protocol, TypeAlias

from pytest_pmd_migrations.faults.watching.watched_connection import watched_class

__all__ = ["Watcher", "hand_connections_to", "patched_connect"]

_DRIVERS = ("sqlite3", "pysqlite3")
_FACTORY = 5
_TIMEOUT = 1

_HeldName: TypeAlias = tuple[dict[str, Any], str]
"""What a module holds, and the name in it."""

_KEPT = 3
"""How often what is kept here holds ``connect``: beside what replaces it, and twice in that."""


class Watcher(Protocol):
    """Who wants to watch the connections that are opened now."""

    @property
    def ignores_new(self) -> bool:
        """Whether a connection that is opened now shall be an ordinary one."""
        ...

    @property
    def lock_timeout(self) -> float | None:
        """Seconds that a connection shall wait for a lock; None leaves the runner's own."""
        ...

    def watch(self, conn: Any) -> None:  # noqa: ANN401 - a connection of either driver
        """Take a new connection, of a class that can be watched."""
        ...


class _Active:
    """Who watches now, if anybody: one for the process, as the replaced ``connect`` is."""

    watcher: Watcher | None = None


def hand_connections_to(watcher: Watcher | None) -> None:
    """Hand the connections that the patched ``connect`` opens from now on to ``watcher``."""
    _Active.watcher = watcher


class _Known:
    """What is kept of each driver: ``connect`` with what replaces it, and who held it last time."""

    replacements: ClassVar[dict[str, tuple[Any, Callable[..., Any]]]] = {}
    names: ClassVar[dict[str, list[tuple[str, str]]]] = {}


@contextmanager
def patched_connect() -> Iterator[None]:
    """Replace ``connect`` of every loaded driver, wherever a module holds it, for the block."""
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for name in _DRIVERS:
        driver = sys.modules.get(name)
        if driver is None:
            continue
        replacement = _replacement(name, driver)
        held = _held_names(name, driver)
        original = driver.connect
        for names, key in held:
            replaced.append((names, key, original))
            names[key] = replacement
    try:
        yield
    finally:
        for names, key, original in replaced:
            names[key] = original


def _held_names(
    name: str,
    driver: Any,  # noqa: ANN401 - a module of either driver
) -> list[_HeldName]:
    """Return the modules' names that its ``connect`` has.

    To look through all modules takes milliseconds, and copies each of their pages where this
    process has forked. So nobody does where all that holds it is known: the modules of last time.
    """
    held = _holding(driver, _Known.names.get(name, ()))
    # Whoever counts holds it too: as often as this one, which has one other holder.
    alone = SimpleNamespace(connect=object())
    one, all_of_them = (sys.getrefcount(has.connect) for has in (alone, driver))
    if all_of_them - one + 1 != len(held) + _KEPT:
        everywhere = [
            (module, key)
            for module, names in [(module, _names(module)) for module in [*sys.modules]]
            for key in [key for key, value in [*names.items()] if value is driver.connect]
        ]
        _Known.names[name] = everywhere
        held = _holding(driver, everywhere)
    return held


def _holding(
    driver: Any,  # noqa: ANN401 - likewise
    known: Iterable[tuple[str, str]],
) -> list[_HeldName]:
    """Return those of these modules' names that are its ``connect``, each once."""
    found = {(id(names), key): (names, key) for module, key in known for names in [_names(module)]}
    return [(names, key) for names, key in found.values() if names.get(key) is driver.connect]


def _names(module: str) -> dict[str, Any]:
    names = getattr(sys.modules.get(module), "__dict__", None)
    return names if isinstance(names, dict) else {}


def _replacement(name: str, driver: Any) -> Callable[..., Any]:  # noqa: ANN401 - likewise
    """Return what replaces its ``connect``: the same as last time, so that it holds it once."""
    original, replacement = _Known.replacements.get(name, (None, None))
    if replacement is None or original is not driver.connect:
        replacement = _new_replacement(driver, driver.connect)
        _Known.replacements[name] = driver.connect, replacement
    return replacement


def _new_replacement(
    driver: Any,  # noqa: ANN401 - a module of either driver
    original: Callable[..., Any],
) -> Callable[..., Any]:
    @wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the driver's own
        watcher = _Active.watcher
        if watcher is None or watcher.ignores_new:
            return original(*args, **kwargs)
        positional = list(args)
        factory = positional[_FACTORY] if len(positional) > _FACTORY else kwargs.get("factory")
        factory = factory or driver.Connection
        if not (isinstance(factory, type) and issubclass(factory, driver.Connection)):
            # The connection that a function makes cannot be watched: the audit hook tells of it.
            return original(*args, **kwargs)
        if len(positional) > _FACTORY:
            positional[_FACTORY] = watched_class(factory)
        else:
            kwargs["factory"] = watched_class(factory)
        if watcher.lock_timeout is not None:
            if len(positional) > _TIMEOUT:
                positional[_TIMEOUT] = watcher.lock_timeout
            else:
                kwargs["timeout"] = watcher.lock_timeout
        conn = original(*positional, **kwargs)
        watcher.watch(conn)
        return conn

    return connect
