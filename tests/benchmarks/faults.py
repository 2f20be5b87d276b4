"""Print what a fault costs on pmd's own history, each with its aim.

CPU milliseconds, of children too: the whole kind divided by its points, since one run serves many,
and the runs of many are told at a time.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from pytest_pmd_migrations.faults import DEFAULT, KINDS, MODES, Case
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.resolve import resolve_source

ROOT = Path(__file__).parents[2]
AIMS = {"crash": "at most 2", **dict.fromkeys(DEFAULT[1:], "at most 40")}


def main() -> None:
    """Measure every kind; takes some minutes."""
    logging.disable()
    source = resolve_source("pmd.store.migrations", root=ROOT)
    folder = SnapshotFolder(ROOT / "fixtures/snapshots")
    seconds: dict[str, float] = defaultdict(float)
    points: dict[str, int] = defaultdict(int)
    default = 0.0
    with patched_connect():
        for name in folder.names():
            if name.version == source.versions()[-1]:
                continue
            for mode in MODES:
                start = cpu()
                case = Case(
                    source, folder.read(name), name.version, name.version + 1, str(name), mode
                )
                judge = Judge(case)
                judge.check_plain_run()
                default += (cpu() - start) * (mode == "rollback")
                for kind in KINDS:
                    start = cpu()
                    points[kind.name] += len(list(kind.strike(case, kind.points(case), judge)))
                    used = cpu() - start
                    seconds[kind.name] += used
                    default += used * (kind.name in DEFAULT and mode == "rollback")
    for kind_name, number in points.items():
        cost = f"{seconds[kind_name] / number * 1000:8.2f} ms"
        say(f"{cost}  {kind_name}, {number} points", AIMS.get(kind_name, ""))
    errors = sum(seconds[kind] for kind in DEFAULT[1:]) / sum(points[kind] for kind in DEFAULT[1:])
    say(f"{errors * 1000:8.2f} ms  an error of the default kinds", "at most 40")
    say(f"{default:8.2f} s   the default kinds, rollback journal, all stored databases", "below 20")


def cpu() -> float:
    """Return the CPU seconds used so far, by children too, whether they have ended or stay."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used) + _cpu_of_living(os.getpid())


def _cpu_of_living(process: int) -> float:
    """Return the CPU seconds of the children that a process has, and of theirs (Linux)."""
    found = 0.0
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        # One may end meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            nanoseconds = int(Path(f"/proc/{child}/schedstat").read_text().split()[0])
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ended = sum(int(ticks) for ticks in fields[13:15]) / os.sysconf("SC_CLK_TCK")
            found += nanoseconds / 1e9 + ended + _cpu_of_living(int(child))
    return found


def say(line: str, aim: str) -> None:
    """Print one line and its aim."""
    sys.stdout.write(f"{line}{f', aim: {aim}' if aim else ''}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
