"""What pytest's own modules have is looked for once; what others have, each time."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from _pytest import monkeypatch, stepwise

from tests.every import for_every
from tests.known_plugins import is_known

TELLS = """
def pytest_report_header(config):
    hooks = [(name, hook.get_hookimpls()) for name, hook in sorted(vars(config.hook).items())]
    return [
        f"hook {name} {[one.plugin_name for one in found if not one.plugin_name.isdigit()]}"
        for name, found in hooks
    ]
"""


def test_a_run_in_this_process_has_the_hooks_and_fixtures_of_a_process_of_its_own(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(TELLS)
    arguments = ("-p", "no:hypothesispytest", "--fixtures")

    def told(run: pytest.RunResult) -> list[str]:
        assert run.ret == 0
        return [line for line in run.outlines if line.startswith("hook ") or " -- " in line]

    anew = told(pytester.run(sys.executable, "-mpytest", *arguments))
    assert len(anew) > 70
    for _ in range(2):
        assert told(pytester.runpytest_inprocess(*arguments)) == anew


def test_a_plugin_that_changes_between_two_runs_is_asked_again(pytester: pytest.Pytester) -> None:
    plugin: Any = ModuleType("a_plugin")
    pytester.makepyfile("def test(): pass")
    for said in ("one", "another"):
        plugin.pytest_report_header = lambda said=said: f"it says {said}"
        run = pytester.runpytest_inprocess(plugins=[plugin])
        assert f"it says {said}" in run.outlines


@for_every("name", ["_pytest.stepwise", "pytest_pmd_migrations.plugin", "_pytest.x"])
def test_only_an_imported_module_of_pytests_own_is_known(name: str) -> None:
    assert not is_known(ModuleType(name))
    assert is_known(stepwise)
    assert is_known(monkeypatch)
    assert not is_known(object())
    assert not is_known(sys.modules[__name__])
