"""Which settings a Django project has, without Django: the environment, pytest's, manage.py's."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.django.settings_module import (
    VARIABLE,
    SettingsModule,
    find_settings,
)

MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")\n'


def test_the_environment_goes_before_pytest_s_setting_and_that_before_manage_py(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    shop = tmp_path / "shop"
    for name, text in {
        "manage.py": "print('of another tool')\n",
        "shop/manage.py": MANAGE.format("shop.settings"),
        ".venv/manage.py": MANAGE.format("hidden.settings"),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    told = SettingsModule("shop.settings", "shop/manage.py", shop)
    assert find_settings(tmp_path, "", "it") == told
    set_in_pytest = SettingsModule("own.settings", f"pytest's setting {VARIABLE}", shop)
    assert find_settings(tmp_path, "own.settings", "it") == set_in_pytest
    monkeypatch.setenv(VARIABLE, "first.settings")
    in_environment = SettingsModule("first.settings", f"the environment's {VARIABLE}", shop)
    assert find_settings(tmp_path, "own.settings", "it") == in_environment
    monkeypatch.delenv(VARIABLE)
    (tmp_path / "manage.py").write_text(MANAGE.format("all.settings"))
    with pytest.raises(SourceError) as caught:
        find_settings(tmp_path, "", "it")
    assert str(caught.value) == (
        "it: several projects are below .: all.settings (manage.py), shop.settings"
        " (shop/manage.py). Name the settings of one: DJANGO_SETTINGS_MODULE=all.settings in the"
        " environment, or, with pytest-django, in pytest's settings"
    )
