"""Measure two things in turns, A B B A, and say of each ratio or amount whether its aim is met.

A single time says more about the machine than about the code: so ratios are measured in one run,
and in an order in which a machine that grows slower harms both sides alike. Times are CPU seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("pmd-migrations"))
Measure = Callable[[], float]


@dataclass(frozen=True)
class Plan:
    """How much is measured: `quick` shows that everything runs; `peers` is their Python."""

    quick: bool = False
    peers: Path | None = None

    def turns(self, usual: int) -> int:
        """Return how many turns to take where ``usual`` are taken in a whole run."""
        return 1 if self.quick else usual


def plan_of(arguments: Sequence[str]) -> Plan:
    """Read a topic's own arguments: `--quick` and `--peers PYTHON`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", type=Path)
    read = parser.parse_args(arguments)
    return Plan(read.quick, read.peers)


class Table:
    """Prints one line an aim, and remembers how many were missed.

    With `judges` false, aims are shown, and none is missed: what is small proves nothing.
    """

    def __init__(self, *, judges: bool = True) -> None:
        self.missed: list[str] = []
        self._judges = judges

    def ratio(
        self, what: str, one: Measure, other: Measure, *, at_most: float | None, turns: int = 3
    ) -> tuple[float, float]:
        """Measure `what`, one side / the other; say the ratio's median; return each side's."""
        pairs = [_turn(one, other) for _ in range(turns)]
        ratio = statistics.median(first / second for first, second in pairs)
        first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
        self._say(f"{ratio:9.2f}", f"{what} ({first:.4f} s / {second:.4f} s CPU)", ratio, at_most)
        return first, second

    def quotient(self, what: str, one: float, other: float, *, at_most: float | None) -> None:
        """Say the ratio of two amounts that were measured before."""
        self._say(f"{one / other:9.2f}", f"{what} ({one:.3f} / {other:.3f})", one / other, at_most)

    def amount(self, what: str, value: float, unit: str, *, at_most: float | None) -> float:
        """Say an amount in seconds, milliseconds or megabytes, and return it."""
        self._say(f"{value:9.2f} {unit}", what, value, at_most)
        return value

    def tell(self, text: str) -> None:
        """Print a line that has no aim."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _say(self, shown: str, what: str, value: float, at_most: float | None) -> None:
        if at_most is None:
            self.tell(f"{shown}  {what}")
            return
        missed = value > at_most and self._judges
        self.tell(f"{shown}  {what}, aim: at most {at_most:g}{'  MISSED' if missed else ''}")
        if missed:
            self.missed.append(what)


@dataclass(frozen=True)
class Cost:
    """What a process cost, its children included: CPU and real seconds, peak memory, its output."""

    seconds: float
    real: float
    megabytes: float
    text: str


class UnexpectedEndError(Exception):
    """A command that was measured ended in another way than it must."""


def cost_of(
    folder: Path, command: Sequence[str], *, exits: int = 0, says: str = "", env: Mapping[str, str]
) -> Cost:
    """Run a command and return what it cost.

    Raises UnexpectedEndError unless it ends with `exits` and prints `says`: the cost of something
    else would be measured.
    """
    begun = perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=printed, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read()
    if process.returncode != exits or says not in text:
        raise UnexpectedEndError(
            f"{' '.join(command)} in {folder} ended with {process.returncode}; expected {exits}"
            f" and {says!r}:\n{text[-3000:]}"
        )
    real = perf_counter() - begun
    return Cost(used.ru_utime + used.ru_stime, real, used.ru_maxrss / 1024, text)


def environment() -> dict[str, str]:
    """Return the variables of a child: compiled modules are kept, as for anybody else."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "CI")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def child(
    folder: Path,
    *command: str,
    exits: int = 0,
    says: str = "",
    before: Callable[[], object] | None = None,
) -> Measure:
    """Return what measures the CPU seconds of a command; `before` is done first, unmeasured."""

    def measure() -> float:
        if before is not None:
            before()
        return cost_of(folder, command, exits=exits, says=says, env=environment()).seconds

    return measure


def python(folder: Path, *arguments: str, exits: int = 0, says: str = "") -> Measure:
    """Return what measures Python, that of this environment, with such arguments."""
    return child(folder, sys.executable, *arguments, exits=exits, says=says)


def net(whole: Measure, start_up: Measure) -> Measure:
    """Return what measures the first without the second, which it begins with."""
    return lambda: whole() - start_up()


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a new folder, in memory where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def _turn(one: Measure, other: Measure) -> tuple[float, float]:
    first, second, third, fourth = one(), other(), other(), one()
    return (first + fourth) / 2, (second + third) / 2
