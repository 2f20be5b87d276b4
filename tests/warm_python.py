"""Run modules, scripts and code in processes of their own that need not start first.

Starting Python and importing pytest, its plugins, sqlite-utils and both packages takes longer than
most runs of the tests do. So one process, this file run as a script, does that once and forks for
each command it is asked to run. Such a child differs from a process of its own in two things:
those modules are imported, though no application's, and at its end Python is not taken apart,
which would take longer than most runs too. It runs what was registered for its end all the same.
"""

from __future__ import annotations

import atexit
import gc
import json
import math
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import Distribution, PathDistribution, distributions
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import IO, NoReturn, Protocol

CAN_FORK = hasattr(os, "fork")

IMPORTED = (
    "_pytest.stepwise",
    "asyncio",
    "encodings.ascii",
    "encodings.unicode_escape",
    "encodings.utf_8_sig",
    "pkgutil",
    "pmd.cli",
    "pmd.cli.collections",
    "pmd.cli.db",
    "pmd.cli.documents",
    "pmd.cli.search",
    "pmd.store.migrations.migration_files.module_contents",
    "pmd.store.migrations.migration_files.module_import",
    "pmd.store.migrations.run",
    "pmd.store.migrations.step.step_database",
    "resource",
    "sqlite_utils",
)
"""What the children find imported, with all that these import, beside what pytest loads itself.

So is each module of the plugin's package, which imports most where they are needed.
"""

OF_XDIST = ("xdist.dsession", "xdist.remote", "xdist.scheduler", "xdist.workermanage")
"""The same, of a plugin that an environment may lack."""


NOTHING_IS_LONG = "TESTED_RUN_IS_COMPARED"
"""Set in the environment of a run whose text is compared with what it was before."""


class WarmPython:
    """A process that forks to run commands, one at a time.

    `python` is the interpreter, of this environment or of another one.
    """

    def __init__(self, python: str = sys.executable) -> None:
        self.python = python
        # Compiled modules are kept, also where the environment forbids it: pytest rewrites those
        # of plugins, and each worker of pytest-xdist would do so again. Its options are for others.
        env = {
            name: value
            for name, value in os.environ.items()
            if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("PYTEST")
        }
        self._server = subprocess.Popen(
            [python, __file__],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        assert self._server.stdin
        assert self._server.stdout
        # Its input may stay open: whatever forked from this process meanwhile has that as well.
        self._server.stdin.write("\n")
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, as `subprocess.run` would; return its exit code and texts."""
        cwd = cwd or Path.cwd()
        if not can_run(command, os.environ["PATH"], self.python):
            return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8")
        with (
            tempfile.NamedTemporaryFile("r", encoding="utf-8") as stdout,
            tempfile.NamedTemporaryFile("r", encoding="utf-8") as stderr,
        ):
            code = self.start(command, cwd=cwd, env=os.environ, stdout=stdout, stderr=stderr).wait()
            return subprocess.CompletedProcess(command, code, stdout.read(), stderr.read())

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: _Named,
        stderr: _Named,
    ) -> Run:
        """Start Python with code or a module (`-c` or `-m`), or an installed script."""
        assert self._server.stdin
        assert self._server.stdout
        request = {
            "command": [*command],
            "cwd": str(cwd),
            "env": {**env},
            "printed": [stdout.name, stderr.name],
        }
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return Run(self._server.stdout)


class _Named(Protocol):
    """A file that is written by its name."""

    @property
    def name(self) -> str: ...


class Run:
    """What pytester asks of a process it started."""

    stdin = None

    def __init__(self, answers: IO[str]) -> None:
        self._answers = answers

    def wait(self) -> int:
        """Wait for the end; return what `subprocess` would: below zero for a signal."""
        answer = self._answers.readline()
        if not answer:
            raise RuntimeError("the process that forks has ended; its errors are printed above")
        return int(answer)


def can_run(command: Sequence[str], path: str, python: str = sys.executable) -> bool:
    """Whether a command is `python -c`, `python -m...` or a script beside that Python."""
    known = is_code(command, python) or is_module(command, python)
    return CAN_FORK and (known or installed_script(command[0], path, python) is not None)


def is_code(command: Sequence[str], python: str = sys.executable) -> bool:
    return command[0] == python and command[1] == "-c"


def is_module(command: Sequence[str], python: str = sys.executable) -> bool:
    return command[0] == python and command[1].startswith("-m")


def installed_script(name: str, path: str, python: str = sys.executable) -> str | None:
    found = shutil.which(name, path=path)
    here = Path(python).parent
    return found if found and Path(found).parent == here and found != python else None


def serve() -> None:
    """Import everything in an empty run of pytest, then run what each line of the input names."""
    import pytest
    from known_plugins import keep_what_plugins_have  # beside this script

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the empty run prints is no answer
    keep_what_is_installed()
    keep_what_plugins_have()
    before, path = Path.cwd(), [*sys.path]
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty)
        # Imported within a run, they are rewritten as pytest rewrites the modules of its plugins.
        names = (*IMPORTED, *modules_of_the_plugin(), *(OF_XDIST if find_spec("xdist") else ()))
        Path("conftest.py").write_text("".join(f"import {name}\n" for name in names))
        pytest.main(["-qq", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", empty])
        os.chdir(before)
    sys.path[:] = path
    del sys.modules["conftest"]
    know_who_holds_connect()
    gc.freeze()
    # To count what is frozen takes longer than most of what the children do; none of them thaws it.
    gc.get_freeze_count = partial(int, gc.get_freeze_count())
    for line in sys.stdin:
        if not line.strip():
            return
        child = os.fork()
        if not child:
            end(exit_code(partial(become, **json.loads(line))))
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def know_who_holds_connect() -> None:
    """Look through all modules for it once: a child that does copies half of what it has."""
    if find_spec("pytest_pmd_migrations"):
        from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect

        with patched_connect():
            pass


def let_nothing_be_long() -> None:
    """Have no cell told before it begins: how long one takes depends on the machine."""
    from pytest_pmd_migrations.pytest_side.long_cells import LongCells

    defaults = LongCells.__init__.__kwdefaults__
    defaults["seconds"] = math.inf


def modules_of_the_plugin() -> list[str]:
    """Return their names, without the scripts among them."""
    found = find_spec("pytest_pmd_migrations")
    [package] = map(Path, found.submodule_search_locations or ()) if found else ()
    files = (file.relative_to(package.parent) for file in package.rglob("*.py"))
    return sorted(".".join(file.with_suffix("").parts) for file in files if file.stem[0] != "_")


def keep_what_is_installed() -> None:
    """Let what a distribution says of itself be read once: each run of pytest asks all of them."""
    for name in ("entry_points", "files", "metadata"):
        asked = vars(Distribution)[name].fget
        read = cache(lambda path, asked=asked: asked(PathDistribution(path)))
        setattr(PathDistribution, name, property(lambda one, read=read: read(one._path)))
        for installed in distributions():
            getattr(installed, name)


def exit_code(run: Callable[[], None]) -> int:
    """Run, and return the exit code that Python would end with; below zero for a signal."""
    try:
        run()
    except SystemExit as ended:
        if isinstance(ended.code, int):
            return ended.code
        if ended.code is not None:
            print(ended.code, file=sys.stderr)  # noqa: T201 - as Python does
            return 1
    except BaseException as error:
        traceback.print_exc()
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def end(code: int) -> NoReturn:
    """End this process as Python would, without the taking apart of every module."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def become(
    command: Sequence[str], cwd: str, env: Mapping[str, str], printed: Sequence[str]
) -> None:
    """Be the process that this command would have started, and print to these files."""
    files = [os.open(os.devnull, os.O_RDONLY), *(os.open(name, os.O_WRONLY) for name in printed)]
    if any(word.startswith(("-n", "--tx")) for word in command):
        from warm_workers import fork_workers  # beside this script; execnet may not be installed

        fork_workers(be_worker)
    run_as(command, cwd, env, files)


def be_worker(
    command: Sequence[str], cwd: str, env: Mapping[str, str], files: Sequence[int]
) -> NoReturn:
    end(exit_code(partial(run_as, command, cwd, env, files)))


def run_as(command: Sequence[str], cwd: str, env: Mapping[str, str], files: Sequence[int]) -> None:
    """Run a command with these files for its input, its output and its errors."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None  # to be found anew, in this environment
    sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))
    for descriptor, opened in enumerate(files):
        os.dup2(opened, descriptor)
        os.close(opened)
    for name, descriptor in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        stream = open(descriptor, "w" if descriptor else "r", closefd=False, encoding="utf-8")  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    python_path = [folder for folder in env.get("PYTHONPATH", "").split(os.pathsep) if folder]
    script = installed_script(command[0], env["PATH"]) or command[0]
    first = "" if is_code(command) else cwd if is_module(command) else str(Path(script).parent)
    sys.path[:1] = [first, *python_path]
    if xdist := sys.modules.get("xdist.plugin"):
        xdist._sys_path[:] = sys.path  # its workers get the path that Python started with
    if NOTHING_IS_LONG in env:
        let_nothing_be_long()
    if is_code(command):
        sys.argv = ["-c", *command[3:]]
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(compile(command[2], "<string>", "exec"), vars(main))
    elif is_module(command):
        module, *arguments = command[2:] if command[1] == "-m" else (command[1][2:], *command[2:])
        sys.argv = ["", *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [script, *command[1:]]
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    serve()
