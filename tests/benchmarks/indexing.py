"""Print what a second `pmd index` costs over the first one of the same 2,000 files.

`python -m tests.benchmarks.indexing` measures CPU time in turns, each time with a new database: the
work of indexing alone, and the whole command, in which starting Python and importing come to both.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pmd.indexing.index_collection import index_collection
from pmd.store.database import Database
from pmd.store.repositories.source_collections import CollectionRepository

FILES = 2000
WORDS = (50, 200, 400)


AIM = 0.1


def main() -> int:
    """Measure short and long documents, in two minutes; return 1 where an aim is missed."""
    met = []
    with tempfile.TemporaryDirectory() as name:
        for words in WORDS:
            folder = Path(name) / f"{words}"
            write_notes(folder, words)
            what = f"index {FILES} unchanged files of {words} words / the first time"
            met.append(_say(what, [_work(folder) for _ in range(5)]))
            met.append(_say(f"the command: {what}", [_command(folder) for _ in range(5)]))
    return int(not all(met))


def write_notes(folder: Path, words: int) -> None:
    """Write Markdown files with a title, two tags and that many words each."""
    chance = random.Random(1)
    known = ["".join(chance.choices("abcdefghij", k=chance.randint(3, 9))) for _ in range(5000)]
    for number in range(FILES):
        file = folder / f"{number % 40}" / f"{number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = " ".join(chance.choices(known, k=words))
        file.write_text(f"---\ntags: [all, t{number % 10}]\n---\n# Note {number}\n\n{text}\n")


def _work(folder: Path) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name, Database(Path(name) / "notes.db") as database:
        collection = CollectionRepository(database).add("notes", str(folder))

        def index() -> None:
            index_collection(database, collection)

        return _seconds(index, resource.RUSAGE_SELF), _seconds(index, resource.RUSAGE_SELF)


def _command(folder: Path) -> tuple[float, float]:
    # As for anybody else: what is imported has been compiled by an earlier run.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as name:
        pmd = [sys.executable, "-m", "pmd", "--db", f"{name}/notes.db"]

        def run(*arguments: str) -> None:
            subprocess.run([*pmd, *arguments], env=kept, stdout=subprocess.DEVNULL, check=True)

        def index() -> None:
            run("index")

        run("add", "notes", str(folder))
        return _seconds(index, resource.RUSAGE_CHILDREN), _seconds(index, resource.RUSAGE_CHILDREN)


def _seconds(work: Callable[[], None], who: int) -> float:
    before, began = resource.getrusage(who), time.perf_counter()
    work()
    after, ended = resource.getrusage(who), time.perf_counter()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used or ended - began


def _say(what: str, pairs: list[tuple[float, float]]) -> bool:
    """Say the ratio; return whether it is at most the aim."""
    ratio = statistics.median(again / first for first, again in pairs)
    first, again = (statistics.median(times) for times in zip(*pairs, strict=True))
    sys.stdout.write(
        f"{ratio:6.3f}  {what} ({again:.3f} s / {first:.3f} s CPU), aim: at most {AIM}\n"
    )
    sys.stdout.flush()
    return ratio <= AIM


if __name__ == "__main__":
    sys.exit(main())
