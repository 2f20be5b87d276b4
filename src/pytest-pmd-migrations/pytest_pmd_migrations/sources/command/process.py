"""Run a command in a process group of its own, which never outlives the call.

Little of what it prints is kept, and its input is empty: nobody answers a question.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.processes.termination import add_cleanup, drop_cleanup
from pytest_pmd_migrations.sources.command.error_line import error_line
from pytest_pmd_migrations.sources.command.terminal_colours import without_colours

__all__ = ["Ended", "run_process"]

_PIECE = 64 * 1024
_KEPT = 16 * 1024
_PAUSE = 0.1
_LOOKS = 16
_DYING, _SHORTLY = 1.0, 0.001
_STATE, _GROUP, _THREADS = 0, 2, 17
"""Where they stand in a process's line, behind its name."""
_DEAD = frozenset({b"Z", b"X"})
_PIPES_FULL = 32
_LINES = 8


@dataclass(frozen=True)
class Ended:
    """How a command ended: with which code, or with None where it was killed in time.

    ``out`` is what it printed, ``said`` the end of all that it printed, errors among them; of
    ``out`` the end alone where ``is_cut``.
    """

    code: int | None
    out: str
    said: str
    is_cut: bool

    @property
    def error(self) -> str:
        """The line that says what went wrong, if it failed; empty where it printed nothing."""
        return error_line(self._lines())

    def last_lines(self) -> tuple[str, ...]:
        """Return the last lines of all that it printed, fit for a terminal."""
        return self._lines()[-_LINES:]

    def _lines(self) -> tuple[str, ...]:
        said = without_colours(self.said)
        lines = (printable_line(line.rstrip()) for line in said.splitlines())
        return tuple(line for line in lines if line)


def run_process(
    arguments: Sequence[str],
    *,
    folder: Path,
    seconds: float = 0.0,
    keep: int = _KEPT,
    stop: Callable[[], bool] | None = None,
) -> Ended:
    """Run a command in ``folder`` and return how it ended; ``keep`` bytes of its output are kept.

    After ``seconds`` (0 for no limit) it is ended, and as soon as ``stop`` says so, which is called
    again and again. What it started and left behind ends with it.
    Raises SourceError where it cannot be started.
    """
    out, said = _Tail(keep), _Tail(_KEPT)
    with _started(arguments, folder) as process:
        over = _read(process, out, said, seconds, stop)
        code = None if over else process.poll()
    if over:
        _await_end(process.pid)
    return Ended(code, out.text(), said.text(), out.is_cut)


class _Tail:
    """The end of what was printed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = bytearray()
        self.is_cut = False

    def add(self, piece: bytes) -> None:
        self._kept += piece
        if len(self._kept) > self._most:
            self.is_cut = True
            del self._kept[: -self._most]

    def text(self) -> str:
        return self._kept.decode(errors="replace")


@contextmanager
def _started(arguments: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give the process; its whole group is ended with the block, also by a signal to this one."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            list(arguments),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except OSError as error:
        raise SourceError(_not_started(arguments[0], folder, error)) from error
    end = _ending(process.pid)
    add_cleanup(end)
    try:
        yield process
    finally:
        end()
        drop_cleanup(end)
        for stream in filter(None, (process.stdout, process.stderr)):
            stream.close()
        process.wait()


def _ending(group: int) -> Callable[[], None]:
    def end() -> None:
        # None of it may be left; macOS refuses where all that is left is dead.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)

    return end


def _await_end(group: int) -> None:
    """Wait until nothing of a killed group writes any more.

    Its dead stay listed until their new parent asks for them, in some containers for ever.
    """
    ends = time.monotonic() + _DYING
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < ends:
            os.killpg(group, 0)
            if _has_only_dead(group):
                return
            time.sleep(_SHORTLY)


def _has_only_dead(group: int) -> bool:
    """Whether all of a group have ended, as Linux says: see proc_pid_stat(5); False elsewhere."""
    ended = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        # One that goes meanwhile is nobody's who is waited for: those stay listed.
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = path.read_bytes().rpartition(b")")[2].split()
            if int(fields[_GROUP]) == group:
                # Another thread may be within its last call to the system.
                ended.append(fields[_STATE] in _DEAD and int(fields[_THREADS]) <= 1)
    return bool(ended) and all(ended)


def _read(
    process: subprocess.Popen[bytes],
    out: _Tail,
    said: _Tail,
    seconds: float,
    stop: Callable[[], bool] | None,
) -> bool:
    """Read what a process prints until it ended; return whether it is to be killed before."""
    pause = 0.0 if stop else _PAUSE
    ends = time.monotonic() + seconds
    with selectors.DefaultSelector() as pipes:
        for stream, tails in ((process.stdout, (out, said)), (process.stderr, (said,))):
            if stream is not None:
                pipes.register(stream, selectors.EVENT_READ, tails)
        while process.poll() is None:
            if seconds and time.monotonic() >= ends:
                return True
            # Its output can wait; what is looked for may last no longer than some microseconds.
            if stop and any(stop() for _ in range(_LOOKS)):
                return True
            if pipes.get_map():
                _read_what_is_there(pipes, pause)
            elif not stop:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_PAUSE)
        # One that it left behind may hold the pipes open, and print without end.
        for _ in range(_PIPES_FULL):
            if not pipes.get_map() or not _read_what_is_there(pipes, 0):
                break
    return False


def _read_what_is_there(pipes: selectors.BaseSelector, pause: float) -> bool:
    """Read a piece of each pipe that has one, waiting for it so long; return whether any has."""
    ready = pipes.select(pause)
    for key, _ in ready:
        piece = os.read(key.fd, _PIECE)
        for tail in key.data:
            tail.add(piece)
        if not piece:
            pipes.unregister(key.fileobj)
    return bool(ready)


def _not_started(program: str, folder: Path, error: OSError) -> str:
    """Return why a program could not be started, in one line."""
    shown = printable_line(program)
    if "=" in program:
        return f"there is no program {shown}: it is started without a shell; put env before it"
    if isinstance(error, FileNotFoundError):
        return f"there is no program {shown}, on PATH or in {folder}"
    return f"the program {shown} cannot be started: {error.strerror or error}"
