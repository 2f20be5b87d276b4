"""Print what a fault costs on pmd's own history, each with its aim.

CPU milliseconds, of children too: a point of crash or kill is the whole kind divided by its points,
since one run serves many; of the other kinds the median, the first run and its judging included.
"""

from __future__ import annotations

import logging
import resource
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from pytest_pmd_migrations.faults import DEFAULT, KINDS, MODES, Case
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.resolve import resolve_source

ROOT = Path(__file__).parents[2]
SHARED = ("crash", "kill")
AIMS = {"crash": "at most 2", **dict.fromkeys(DEFAULT[1:], "at most 40")}


def main() -> None:
    """Measure every kind; takes some minutes."""
    logging.disable()
    source = resolve_source("pmd.store.migrations", root=ROOT)
    folder = SnapshotFolder(ROOT / "fixtures/snapshots")
    times: dict[str, list[float]] = defaultdict(list)
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
                    for _ in kind.strike(case, kind.points(case), judge):
                        times[kind.name].append(cpu() - start)
                        start = cpu()
                        if kind.name in DEFAULT and mode == "rollback":
                            default += times[kind.name][-1]
    for kind_name, found in times.items():
        cost = statistics.mean(found) if kind_name in SHARED else statistics.median(found)
        say(f"{cost * 1000:8.2f} ms  {kind_name}, {len(found)} points", AIMS.get(kind_name, ""))
    errors = [one for kind in DEFAULT[1:] for one in times[kind]]
    say(f"{statistics.median(errors) * 1000:8.2f} ms  an error of the default kinds", "at most 40")
    say(f"{default:8.2f} s   the default kinds, rollback journal, all stored databases", "below 20")


def cpu() -> float:
    """Return the CPU seconds used so far, by children too."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def say(line: str, aim: str) -> None:
    """Print one line and its aim."""
    sys.stdout.write(f"{line}{f', aim: {aim}' if aim else ''}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
