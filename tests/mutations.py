"""Show that the tests can fail: break the code in each way that mutations.md lists, and run a test.

`python -m tests.mutations [NUMBER ...]` runs the named tests once as the code is, where they must
pass, then each mutation alone. It prints killed, SURVIVED or cannot be applied for each, and exits
1 unless all are killed. Everything happens in copies of the repository, which is only read; what a
broken run wrote into its copy is undone before the next.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".md")
PROCESSES = 2
LONGEST = 600
"""Seconds that the tests of one call may take."""

_LONG_AGO = 1_000_000_000
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "dist", "build")
_SOURCES = ("src", "src/pytest-pmd-migrations")
_WHERE = """
import sys, pmd, pytest_pmd_migrations
print(*(module.__file__ for module in (pmd, pytest_pmd_migrations)), sep="\\n")
"""
_ENTRY = re.compile(
    r"^### (?P<number>\d+)\. (?P<title>[^\n]+)\n\n"
    r"`(?P<file>[^`\n]+)`\n\n"
    r"```diff\n(?P<diff>.*?)^```\n\n"
    r"Killed by `(?P<test>[^`\n]+)`\.$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Mutation:
    """One way to break the code: whole lines of `file` become others, and `test` must fail."""

    number: int
    title: str
    file: str
    old: str
    new: str
    test: str

    def count(self, root: Path = ROOT) -> int:
        """Return how often the old lines stand in the file; 0 where there is no such file."""
        path = root / self.file
        return len(self._starts(path.read_text(encoding="utf-8"))) if path.is_file() else 0

    def mutated(self, text: str) -> str:
        """Return the file's text with the new lines in the place of the old ones."""
        (start,) = self._starts(text)
        return text[:start] + self.new + text[start + len(self.old) :]

    def _starts(self, text: str) -> list[int]:
        return [m.start() for m in re.finditer(rf"^{re.escape(self.old)}$", text, re.MULTILINE)]


def read_mutations() -> list[Mutation]:
    """Return what mutations.md lists, in its order."""
    text = LIST.read_text(encoding="utf-8")
    found = []
    for entry in _ENTRY.finditer(text):
        lines = entry["diff"].splitlines()
        old, new = (
            "\n".join(line[1:] for line in lines if line[:1] != other) for other in ("+", "-")
        )
        found.append(
            Mutation(int(entry["number"]), entry["title"], entry["file"], old, new, entry["test"])
        )
    if len(found) != len(re.findall(r"^### ", text, re.MULTILINE)):
        raise ValueError(f"{LIST.name}: a section is not of the form that the others have")
    return found


class Copy:
    """A copy of `original`, whose modules are what its tests import, in every process."""

    def __init__(self, original: Path, folder: Path) -> None:
        self._original = original
        self.root = folder
        shutil.copytree(original, folder)
        self._stamps = self._look()
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(folder / source) for source in _SOURCES),
        }
        self._broken = 0
        imported = self._run("-c", _WHERE).stdout.split("\n")[:2]
        if not all(Path(file).is_relative_to(folder) for file in imported):
            raise RuntimeError(f"what is imported is not the copy in {folder}: {imported}")

    def passes(self, *tests: str) -> tuple[int, str]:
        """Run tests until one fails; return pytest's exit code and what it printed."""
        done = self._run("-m", "pytest", "-x", "-q", "--tb=short", "-p", "no:cacheprovider", *tests)
        return done.returncode, done.stdout + done.stderr

    def judge(self, mutation: Mutation) -> str:
        """Break the code, run the test, undo all; return killed, SURVIVED or why neither."""
        count = mutation.count(self.root)
        if count != 1:
            return f"cannot be applied: its old lines stand {count} times in {mutation.file}"
        path = self.root / mutation.file
        path.write_text(mutation.mutated(path.read_text(encoding="utf-8")), encoding="utf-8")
        # Python knows what it has compiled by time and size: no two versions may have one time.
        # One that is later than now would be taken for a change since a run began.
        self._broken += 1
        moment = _LONG_AGO + self._broken
        os.utime(path, (moment, moment))
        try:
            code, said = self.passes(mutation.test)
        except subprocess.TimeoutExpired:
            return f"cannot be applied: its test takes more than {LONGEST} seconds"
        finally:
            self._undo()
        if code > 1:
            return f"cannot be applied: pytest exits with {code}\n{said}"
        return "killed" if code else "SURVIVED"

    def _undo(self) -> None:
        """Make every file what it was: also those that a broken run changed, or added."""
        found = self._look()
        for name in found.keys() - self._stamps.keys():
            (self.root / name).unlink()
        for name, stamp in self._stamps.items():
            if found.get(name) != stamp:
                shutil.copy2(self._original / name, self.root / name)

    def _look(self) -> dict[str, tuple[int, int]]:
        """Return the time and size of every file, but for what Python compiles."""
        found = {}
        for path in self.root.rglob("*"):
            if path.is_file() and path.parent.name != "__pycache__":
                status = path.stat()
                found[str(path.relative_to(self.root))] = status.st_mtime_ns, status.st_size
        return found

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command,
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )


def main(numbers: Sequence[str]) -> int:
    """Run the mutations of these numbers, or all; return the exit code."""
    wanted = set(map(int, numbers))
    mutations = [m for m in read_mutations() if not wanted or m.number in wanted]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        original = Path(folder, "original").resolve()
        shutil.copytree(ROOT, original, ignore=_LEFT_OUT)
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(PROCESSES):
            copies.put(Copy(original, original.with_name(str(number))))
        tests = sorted({mutation.test for mutation in mutations})
        shares = [tests[number::PROCESSES] for number in range(PROCESSES) if tests[number:]]
        for code, said in _each(copies, lambda copy, share: copy.passes(*share), shares):
            if code:
                _say(f"a named test does not pass as the code is\n{said}")
                return 1
        _say(f"{len(tests)} tests pass as the code is")
        killed = 0
        outcomes = _each(copies, Copy.judge, mutations)
        for mutation, outcome in zip(mutations, outcomes, strict=True):
            _say(f"{mutation.number:3} {outcome}: {mutation.title}")
            killed += outcome == "killed"
    _say(f"{killed} of {len(mutations)} killed in {time.monotonic() - started:.0f} s")
    return 0 if killed == len(mutations) else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _each(copies: SimpleQueue[Copy], work: Callable, things: Sequence) -> Iterator:
    """Do the work for each thing, as many at once as there are copies; yield in their order."""

    def with_a_copy(thing: object) -> object:
        copy = copies.get()
        try:
            return work(copy, thing)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(PROCESSES) as pool:
        yield from pool.map(with_a_copy, things)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
