"""Let the system refuse a step more memory than it may take, before it takes that of all others."""

from __future__ import annotations

import os
import sys
import time
from functools import cache
from pathlib import Path

__all__ = ["MemoryLimit", "usable_megabytes"]

_MEGABYTE = 1024 * 1024
_STATM = Path("/proc/self/statm")
_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
_DATA = 5
_IS_LINUX = sys.platform == "linux"
_MEASURED_FOR = 0.5


class MemoryLimit:
    """Lets every attempt to take more than this fail, with MemoryError, until it ends.

    RLIMIT_DATA counts what the process writes to, so neither libraries nor reserved addresses
    count. It holds for Python's objects and for SQLite's memory alike, and at once: a single call
    can take all there is before anybody looks. Other systems than Linux count it in other ways;
    there, and with 0, nothing is limited.
    """

    def __init__(self, megabytes: int) -> None:
        self._limits: tuple[int, int] | None = None
        if megabytes and _IS_LINUX:
            import resource

            self._limits = soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
            wanted = _data_bytes() + megabytes * _MEGABYTE
            known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
            resource.setrlimit(resource.RLIMIT_DATA, (min([wanted, *known]), hard))

    def end(self) -> None:
        """Give the memory back that was limited."""
        if self._limits is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, self._limits)


class _Measured:
    """What the process had when it was measured last: steps follow each other quickly."""

    process = 0
    until = 0.0
    data = 0


def _data_bytes() -> int:
    now = time.monotonic()
    if _Measured.process != os.getpid() or now > _Measured.until:
        pages = int(_STATM.read_bytes().split()[_DATA])
        _Measured.data = pages * os.sysconf("SC_PAGE_SIZE")
        _Measured.process, _Measured.until = os.getpid(), now + _MEASURED_FOR
    return _Measured.data


@cache
def usable_megabytes(wanted: int) -> int:
    """Return ``wanted``, or half of what the machine has to spare for each worker if that is less.

    Workers of pytest-xdist walk the same lineages, and come to the same step at the same time.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    spare = min(_available(), default=wanted * 2 * workers)
    return min(wanted, max(spare // (2 * workers), 1))


def _available() -> list[int]:
    """Return how many megabytes the system and the container have left, where they say so."""
    found: list[int] = []
    if _MEMINFO.exists():
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
        found += [int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable")]
    most, used = _GROUP / "memory.max", _GROUP / "memory.current"
    if most.exists() and used.exists() and most.read_text().strip() != "max":
        found.append((int(most.read_text()) - int(used.read_text())) // _MEGABYTE)
    return found
