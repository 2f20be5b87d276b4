"""Look once for what pytest's own modules have for it: hooks and fixtures.

Each run of pytest, and each of the plugin's commands, asks every name of every module for both.
Within one process those of pytest and pytest-xdist answer alike each time; any other module is
asked each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, wraps
from types import ModuleType
from typing import Any

import pluggy._manager
from _pytest.fixtures import FixtureFunctionDefinition, FixtureManager

_PACKAGES = ("_pytest", "xdist")


def keep_what_plugins_have() -> None:
    """Let what one run finds in such a module be known in each later run of this process."""
    hooks: Any = pluggy._manager
    # Older ones have another way to look, which takes less.
    if hasattr(hooks, "_static_hook_attr"):
        hooks._static_hook_attr = _asked_once(hooks._static_hook_attr)
    fixtures: Any = FixtureManager
    fixtures.parsefactories = _without_fixtures_asked_once(fixtures.parsefactories)


def is_known(plugin: object) -> bool:
    """Whether it is a module of pytest's own or of pytest-xdist, as it was imported."""
    if type(plugin) is not ModuleType:
        return False
    name = plugin.__name__
    return name.partition(".")[0] in _PACKAGES and sys.modules.get(name) is plugin


def _asked_once(ask: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    known: dict[ModuleType, dict[str, Any]] = {}

    @wraps(ask)
    def static_hook_attr(plugin: Any, name: str) -> Any:
        if not is_known(plugin):
            return ask(plugin, name)
        found = known.setdefault(plugin, {})
        if name not in found:
            found[name] = ask(plugin, name)
        return found[name]

    return static_hook_attr


def _without_fixtures_asked_once(parse: Callable[..., None]) -> Callable[..., None]:
    @cache
    def has_fixtures(module: ModuleType) -> bool:
        return any(type(value) is FixtureFunctionDefinition for value in vars(module).values())

    @wraps(parse)
    def parsefactories(manager: Any, *where: Any, **named: Any) -> None:
        holder = named["holder"] if "holder" in named else where[0]
        if not is_known(holder) or has_fixtures(holder):
            parse(manager, *where, **named)

    return parsefactories
