"""Take back what env.py listens to: it runs many times here, and an engine may live longer.

Alembic's command runs it once a process. A second listener that begins a transaction would begin
one inside the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.sources.alembic.tool import Tool

__all__ = ["kept_listeners"]


@contextmanager
def kept_listeners(tool: Tool, script: Path) -> Iterator[None]:
    """Remove the listeners whose functions are written in ``script`` and were added in the block.

    Those of the application's modules stay: these are imported once.
    """
    made: list[tuple[Any, str, Any]] = []
    listen, listens_for = tool.event.listen, tool.event.listens_for

    def noting_listen(target: Any, name: str, function: Any, *more: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        listen(target, name, function, *more, **named)
        made.append((target, name, function))

    def noting_listens_for(
        target: Any,  # noqa: ANN401 - as SQLAlchemy's
        name: str,
        *more: Any,  # noqa: ANN401 - as SQLAlchemy's
        **named: Any,  # noqa: ANN401 - as SQLAlchemy's
    ) -> Callable[[Any], Any]:
        def decorate(function: Any) -> Any:  # noqa: ANN401 - as SQLAlchemy's
            noting_listen(target, name, function, *more, **named)
            return function

        return decorate

    tool.event.listen, tool.event.listens_for = noting_listen, noting_listens_for
    try:
        yield
    finally:
        tool.event.listen, tool.event.listens_for = listen, listens_for
        for target, name, function in made:
            if _written_in(script, function):
                # One that was to be called once may be gone already.
                with suppress(tool.invalid_request):
                    tool.event.remove(target, name, function)


def _written_in(script: Path, function: object) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and Path(code.co_filename) == script
