"""Find where an exception was raised: the frames of the application alone, with their source."""

from __future__ import annotations

import linecache
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

from pytest_pmd_migrations.messages.error_chain import follow
from pytest_pmd_migrations.messages.wording import error_text, shown_path

__all__ = ["Frame", "application_frames", "find_syntax_error", "list_chain", "raised_where"]

_TOOLS = ("pytest_pmd_migrations.", "pmd.store.migrations.")
_NO_TOOL = "pmd.store.migrations.versions."
_INSTALLED = ("site-packages", "dist-packages")


class Frame(NamedTuple):
    """One line that was executed: its file, its number, its function, its text."""

    path: Path
    line: int
    function: str
    source: str


def list_chain(error: BaseException) -> list[BaseException]:
    """Return an exception and those that it was raised from, the first cause last."""
    return list(follow(error, _came_from))


def _came_from(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def find_syntax_error(error: BaseException) -> SyntaxError | None:
    """Return the error of a file that Python cannot compile, where that is the cause."""
    found = [one for one in list_chain(error) if isinstance(one, SyntaxError) and one.filename]
    return found[-1] if found else None


def application_frames(
    error: BaseException, own: Path | None = None, *, runner: object = None
) -> list[Frame]:
    """Return the frames of the application, from the file ``own`` on, the innermost last.

    ``own`` is the file that the work is written in, where there is one. Frames of this package, of
    pmd's runner, of Python's and of installed libraries are left out, unless ``own`` belongs to
    that library. Where no frame of ``own`` is among them, all that are the application's are
    returned, but for the methods of the object ``runner``.
    """
    own = own.resolve() if own else None
    best: list[Frame] = []
    for one in reversed(list_chain(error)):
        frames = [
            _frame(frame, line)
            for frame, line in _walk(one.__traceback__)
            if _is_application(frame, own, runner)
        ]
        first = next((n for n, frame in enumerate(frames) if frame.path == own), None)
        if first is not None:
            return frames[first:]
        best = best or frames
    return best


def raised_where(error: BaseException) -> str:
    """Return an exception's class and text, and the line of the application that raised it."""
    frames = application_frames(error)
    where = f" ({shown_path(frames[-1].path)}:{frames[-1].line})" if frames else ""
    return f"{error_text(error)}{where}"


def _walk(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def _frame(frame: FrameType, line: int) -> Frame:
    code = frame.f_code
    # It may have been read before it was edited, in this process.
    linecache.checkcache(code.co_filename)
    source = linecache.getline(code.co_filename, line, frame.f_globals).strip()
    return Frame(Path(code.co_filename).resolve(), line, code.co_name, source)


def _is_application(frame: FrameType, own: Path | None, runner: object) -> bool:
    file = frame.f_code.co_filename
    if file.startswith("<") or (runner is not None and frame.f_locals.get("self") is runner):
        return False
    path = Path(file).resolve()
    if path == own:
        return True
    module = f"{frame.f_globals.get('__name__', '')}."
    if module.startswith(_TOOLS) and not module.startswith(_NO_TOOL):
        return False
    return _library(path) in (None, _library(own) if own else None)


def _library(path: Path) -> Path | None:
    """Return the installed library or module that a file belongs to, None for the application."""
    parts = path.parts
    for name in _INSTALLED:
        if name in parts:
            return Path(*parts[: len(parts) - parts[::-1].index(name) + 1])
    standard = {sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]}
    prefixes = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    for folder in standard:
        resolved = Path(folder).resolve()
        if path.is_relative_to(resolved) and any(map(resolved.is_relative_to, prefixes)):
            return resolved
    return None
