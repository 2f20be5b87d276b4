"""Follow an exception to those that it came from, once each: such a chain can be a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator

__all__ = ["follow"]


def follow(
    error: BaseException | None, to_next: Callable[[BaseException], BaseException | None]
) -> Iterator[BaseException]:
    """Yield an exception and those behind it, until there is none or one comes again.

    A cause that is raised again comes from the error that it caused.
    """
    seen: list[BaseException] = []
    while error is not None and all(error is not one for one in seen):
        seen.append(error)
        yield error
        error = to_next(error)
