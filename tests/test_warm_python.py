"""A run that is forked from the warm process is like one of a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warm_python import WarmPython

SHOW = """
import os, sys
def test_show():
    print("cwd", os.getcwd())
    print("first", sys.path[0])
    print("setting", os.environ["SETTING"], os.environ.get("PYTHONPATH", "").split(os.pathsep)[0])
    print("input", repr(sys.stdin.read()))
    print("error", file=sys.stderr)
    print("arguments", sys.argv[1:])
    print("applications", sorted({"app", "conftest", "tests"} & set(sys.modules)))
    print("bytecode", sys.dont_write_bytecode)
"""


def shown(run: pytest.RunResult) -> list[str]:
    names = ("cwd", "first", "setting", "input", "arguments", "applications", "bytecode")
    return [line for line in run.outlines if line.startswith(names)]


def test_a_run_sees_what_a_process_of_its_own_sees(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    light_child_runs: None,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("SETTING", "one")
    pytester.makepyfile(SHOW)
    command = (sys.executable, "-mpytest", "-q", "-s")
    warm = pytester.run(*command)
    request.getfixturevalue("cold_child_runs")
    cold = pytester.run(*command)
    assert (warm.ret, cold.ret) == (0, 0)
    assert shown(warm) == shown(cold)
    assert len(shown(warm)) == 7
    assert warm.errlines == cold.errlines == ["error"]


def test_exit_codes_and_signals_are_told(pytester: pytest.Pytester, light_child_runs: None) -> None:
    pytester.makepyfile(
        failing="def test(): assert False",
        killed=f"import os\ndef test(): os.kill(os.getpid(), {int(signal.SIGKILL)})",
    )
    run = (sys.executable, "-mpytest", "-q")
    assert pytester.run(*run, "failing.py").ret == pytest.ExitCode.TESTS_FAILED
    assert pytester.run(*run, "killed.py").ret == -signal.SIGKILL
    assert pytester.run(*run, "nothing.py").ret == pytest.ExitCode.USAGE_ERROR


def test_nothing_is_left_of_one_run_in_the_next(
    pytester: pytest.Pytester, light_child_runs: None
) -> None:
    pytester.makepyfile(
        test_leaves=(
            "import os, sys\n"
            "def test():\n"
            "    assert not hasattr(sys, 'left') and 'LEFT' not in os.environ\n"
            "    sys.left = os.environ['LEFT'] = 'something'\n"
            "    os.chdir('/')\n"
        )
    )
    for _ in range(2):
        assert pytester.run(sys.executable, "-mpytest", "-q").ret == 0


def test_an_installed_script_is_run_too(pytester: pytest.Pytester, light_child_runs: None) -> None:
    command = Path(sys.executable).with_name("pmd-migrations")
    run = pytester.run(command, "--help")
    assert run.ret == 0
    assert run.outlines[0].startswith("Usage: pmd-migrations ")


def test_code_is_run_too(warm_python: WarmPython, tmp_path: Path) -> None:
    code = """
import os, sys
print(__name__, sys.argv, repr(sys.path[0]), os.getcwd())
print("error", file=sys.stderr)
def name(): return __name__
print(name())
sys.exit(3)
"""
    command = (sys.executable, "-c", code, "one", "two")
    warm = warm_python.run(*command, cwd=tmp_path)
    cold = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (warm.returncode, warm.stdout, warm.stderr) == (3, cold.stdout, cold.stderr)
    assert cold.stdout.endswith(f"{tmp_path}\n__main__\n")


@pytest.mark.parametrize(
    "last",
    [
        "raise ValueError('wrong')",
        "sys.exit('a reason')",
        "sys.exit()",
        "raise KeyboardInterrupt",
        "threading.Thread(target=lambda: (started.wait(), print('thread'))).start(); started.set()",
    ],
)
def test_a_run_ends_as_a_process_of_its_own_ends(
    warm_python: WarmPython, tmp_path: Path, last: str
) -> None:
    code = f"""
import atexit, sys, threading
started = threading.Event()
atexit.register(print, "at the end")
{last}
"""
    command = (sys.executable, "-c", code)
    warm = warm_python.run(*command, cwd=tmp_path)
    cold = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert warm.stdout == cold.stdout
    assert cold.stdout.endswith("at the end\n")
    assert warm.stderr.splitlines()[-1:] == cold.stderr.splitlines()[-1:]
    assert warm.returncode == cold.returncode


def test_a_module_may_stand_beside_its_option_or_in_it(
    warm_python: WarmPython, tmp_path: Path
) -> None:
    (tmp_path / "shown.py").write_text("import sys; print(__name__, sys.argv[1:])")
    for options in (("-m", "shown"), ("-mshown",)):
        run = warm_python.run(sys.executable, *options, "", "two", cwd=tmp_path)
        assert (run.returncode, run.stdout, run.stderr) == (0, "__main__ ['', 'two']\n", "")
