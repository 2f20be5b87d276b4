"""Replace ``connect`` wherever a module holds it, so that a run's connections can be watched.

`sqlite3.connect` (and pysqlite3's, where loaded) then gives connections that share their callbacks:
a runner may set an authorizer, a trace or a progress handler of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Protocol

from pytest_pmd_migrations.faults.watching.watched_connection import watched_class

__all__ = ["Watcher", "connections_watched_by", "patched_connect"]

_DRIVERS = ("sqlite3", "pysqlite3")
_FACTORY = 5
_TIMEOUT = 1


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


@contextmanager
def connections_watched_by(watcher: Watcher) -> Iterator[None]:
    """Hand the connections that the patched ``connect`` opens in this block to ``watcher``."""
    _Active.watcher = watcher
    try:
        yield
    finally:
        _Active.watcher = None


@contextmanager
def patched_connect() -> Iterator[None]:
    """Replace ``connect`` of every loaded driver, wherever a module holds it, for the block."""
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for name in _DRIVERS:
        driver = sys.modules.get(name)
        if driver is None:
            continue
        original = driver.connect
        replacement = _replacement(driver, original)
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", None)
            if not isinstance(names, dict):
                continue
            for key in [key for key, value in list(names.items()) if value is original]:
                replaced.append((names, key, original))
                names[key] = replacement
    try:
        yield
    finally:
        for names, key, original in replaced:
            names[key] = original


def _replacement(
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
