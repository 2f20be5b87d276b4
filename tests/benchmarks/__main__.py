"""Print the ratios and amounts that the project promises, each with its aim.

`python -m tests.benchmarks [--quick] [--peers PYTHON] [TOPIC ...]` runs each topic, a module beside
this one, in a process of its own, and exits 1 where one of them missed an aim. With `--quick` it
takes less than a minute: few turns, and large things small, whose aims are shown and not judged.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.measure import ROOT

QUICK, PEERS = "--quick", "--peers"
TOPICS: dict[str, tuple[str, ...]] = {
    "start_up": (QUICK,),
    "with_rows": (QUICK, PEERS),
    "tools": (PEERS,),
    "atomic_cells": (QUICK,),
    "large_files": (QUICK,),
    "schema_steps": (QUICK,),
    "fresh_databases": (),
    "corners": (),
    "runner": (),
    "indexing": (),
    "report_page": (),
}
"""The modules, and which options each understands; without `--quick`, one is left out of that."""


def main() -> int:
    """Run the topics that are asked for; return 1 where an aim was missed."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)}")
    parser.add_argument(QUICK, action="store_true", help="less than a minute")
    parser.add_argument(
        PEERS,
        type=Path,
        metavar="PYTHON",
        help="one that has this plugin, pytest-alembic, Django and django-test-migrations",
    )
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.topics if name not in TOPICS]:
        parser.error(f"{unknown[0]} is no topic; expected some of {', '.join(TOPICS)}")
    missed = []
    for topic, understood in TOPICS.items():
        if arguments.topics and topic not in arguments.topics:
            continue
        if arguments.quick and QUICK not in understood:
            continue
        options = [QUICK] * (arguments.quick and QUICK in understood)
        if arguments.peers is not None and PEERS in understood:
            options += [PEERS, str(arguments.peers)]
        missed += [topic] * _run(topic, options)
    if missed:
        sys.stdout.write(f"aims missed, or not measured, in: {', '.join(missed)}\n")
    return int(bool(missed))


def _run(topic: str, options: list[str]) -> bool:
    """Run one topic; whether it ended in anything but success."""
    sys.stdout.write(f"{topic.replace('_', ' ')}\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", f"tests.benchmarks.{topic}", *options]
    return subprocess.run(command, cwd=ROOT, env={**os.environ}, check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
