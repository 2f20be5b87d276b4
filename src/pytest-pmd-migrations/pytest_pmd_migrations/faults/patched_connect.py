"""Wrap ``connect`` wherever a module holds it, and hear of every connection made without it.

`sqlite3.connect` (and pysqlite3's, where loaded) then gives connections that let others' callbacks
pass through ours: a runner may set an authorizer, a trace or a progress handler of its own. The
audit event ``sqlite3.connect/handle`` tells of every connection that the wrapper did not make.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from pytest_pmd_migrations.faults.watched_connection import watched_class

if TYPE_CHECKING:
    from pytest_pmd_migrations.faults.injector import Injector

__all__ = ["Active", "wrapped_connects"]

_DRIVERS = ("sqlite3", "pysqlite3")
_FACTORY = 5
_TIMEOUT = 1


class Active:
    """The injector that is entered now: of the process, since audit hooks cannot be removed."""

    injector: Injector | None = None
    hooked = False
    opening = threading.local()


@contextmanager
def wrapped_connects() -> Iterator[None]:
    """Wrap ``connect`` of every loaded driver, wherever a module holds it, until left."""
    if not Active.hooked:
        sys.addaudithook(_audit)
        Active.hooked = True
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for name in _DRIVERS:
        driver = sys.modules.get(name)
        if driver is None:
            continue
        original = driver.connect
        wrapper = _wrapper(driver, original)
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", None)
            if not isinstance(names, dict):
                continue
            for key in [key for key, value in list(names.items()) if value is original]:
                replaced.append((names, key, original))
                names[key] = wrapper
    try:
        yield
    finally:
        for names, key, original in replaced:
            names[key] = original


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Tell the injector of connections that are no watched ones.

    Python raises the first event with what is to be opened, the second with the connection, which
    cannot be asked yet.
    """
    injector = Active.injector
    if injector is None:
        return
    if event == "sqlite3.connect":
        Active.opening.database = arguments[0]
    elif event == "sqlite3.connect/handle" and not hasattr(arguments[0], "watch"):
        injector.found(arguments[0], Active.opening.database)


def _wrapper(driver: Any, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
    @wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the driver's own
        injector = Active.injector
        if injector is None or injector.ignores_new:
            return original(*args, **kwargs)
        taken = list(args)
        factory = taken[_FACTORY] if len(taken) > _FACTORY else kwargs.get("factory")
        factory = factory or driver.Connection
        if not (isinstance(factory, type) and issubclass(factory, driver.Connection)):
            # What a function makes cannot be watched: the audit event tells of it.
            return original(*args, **kwargs)
        if len(taken) > _FACTORY:
            taken[_FACTORY] = watched_class(factory)
        else:
            kwargs["factory"] = watched_class(factory)
        if injector.fault.timeout is not None:
            if len(taken) > _TIMEOUT:
                taken[_TIMEOUT] = injector.fault.timeout
            else:
                kwargs["timeout"] = injector.fault.timeout
        conn = original(*taken, **kwargs)
        injector.watch(conn)
        return conn

    return connect
