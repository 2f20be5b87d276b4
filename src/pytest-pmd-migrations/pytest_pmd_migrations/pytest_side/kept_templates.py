"""The templates of fresh databases in pytest's cache, as a run is configured."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import pytest

from pytest_pmd_migrations.pytest_side import STARTED
from pytest_pmd_migrations.templates.fresh_templates import FreshTemplates

__all__ = ["templates_of"]

_FOLDER = "migration-templates"
_SETTINGS = ("migration_source", "migration_connection")
_TEMPLATES = pytest.StashKey[FreshTemplates]()


def templates_of(config: pytest.Config) -> FreshTemplates:
    """Return the templates of this configuration, the same ones in the whole process."""
    if _TEMPLATES not in config.stash:
        settings = [str(config.getini(name)) for name in _SETTINGS]
        config.stash[_TEMPLATES] = FreshTemplates(
            _folder(config),
            repr(settings),
            started=config.stash.get(STARTED, 0.0),
            root=config.rootpath,
            is_test=_TestModules(config).has,
        )
    return config.stash[_TEMPLATES]


def _folder(config: pytest.Config) -> Path | None:
    cache = getattr(config, "cache", None)
    if cache is None:
        return None
    try:
        return Path(cache.mkdir(_FOLDER))
    except OSError:
        return None


class _TestModules:
    """The modules that pytest collected tests from."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def has(self, path: str) -> bool:
        """Return whether a module is one of them; doctests make no module one."""
        return path in self._paths

    @cached_property
    def _paths(self) -> set[str]:
        session = self._config.pluginmanager.get_plugin("session")
        items = session.items if isinstance(session, pytest.Session) else ()
        return {str(item.path) for item in items if isinstance(item, pytest.Function)}
