"""Put the process's logging back as it was: env.py's ``fileConfig`` sets all of it anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["kept_logging"]

_KEPT = ("level", "propagate", "disabled")


@contextmanager
def kept_logging() -> Iterator[None]:
    """Leave loggers, levels and handlers as they were; log nothing below a warning meanwhile.

    ``fileConfig`` closes every handler that logging knows, which would end pytest's log file: it
    finds none. A logger that is first made in the block keeps its level.
    """
    names: dict[str, Any] = vars(logging)
    every, by_name = names["_handlerList"], names["_handlers"]
    known, named = list(every), dict(by_name)
    before = {one: _state(one) for one in _loggers()}
    disabled = logging.root.manager.disable
    every.clear()
    by_name.clear()
    logging.disable(max(disabled, logging.INFO))
    try:
        yield
    finally:
        made = list(by_name.values())
        for logger in _loggers():
            handlers = [one for one in logger.handlers if one not in made]
            attributes, logger.handlers[:] = before.get(logger, ({}, handlers))
            vars(logger).update(attributes)
        every[:] = known
        by_name.clear()
        by_name.update(named)
        # It also makes loggers forget which levels they thought enabled.
        logging.disable(disabled)


def _loggers() -> list[logging.Logger]:
    every = logging.root.manager.loggerDict.values()
    return [logging.root, *(one for one in every if isinstance(one, logging.Logger))]


def _state(logger: logging.Logger) -> tuple[dict[str, object], list[logging.Handler]]:
    return {name: getattr(logger, name) for name in _KEPT}, list(logger.handlers)
