"""The settings file that pytest would read from a folder, and the same with one setting more.

It is found as pytest finds it, without pytest, which would run the project's conftest.py.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iniconfig

from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.files.regular_file import read_regular
from pytest_pmd_migrations.messages.wording import shown_path

__all__ = ["SettingsFile", "find_settings_file"]

_Table = tuple[str, ...]
_INI_OPTIONS: _Table = ("tool", "pytest", "ini_options")
_TABLES: dict[str, tuple[_Table, ...]] = {
    "pytest.toml": (("pytest",),),
    ".pytest.toml": (("pytest",),),
    "pytest.ini": (("pytest",),),
    ".pytest.ini": (("pytest",),),
    "pyproject.toml": (_INI_OPTIONS, ("tool", "pytest")),
    "tox.ini": (("pytest",),),
    "setup.cfg": (("tool:pytest",),),
}
"""The tables that pytest reads in each file, the files in its own order."""

_ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""The files that pytest takes whatever is in them."""


@dataclass(frozen=True)
class SettingsFile:
    """A settings file with its ``text``, "" where it is yet to be made; pytest reads ``table``."""

    path: Path
    text: str
    table: _Table

    @property
    def settings(self) -> dict[str, Any]:
        """What pytest reads there."""
        return _inside(_parse(self.path, self.text), self.table) or {}

    def line(self, name: str, value: str) -> str:
        """Return the line that sets a text, as this kind of file has it."""
        shown = json.dumps(value, ensure_ascii=False) if _is_toml(self.path) else value
        return f"{name} = {shown}"

    def with_setting(self, name: str, value: str) -> str:
        """Return the text with one setting more, below the table's name, and all else as it is.

        Raises SettingError where the line would not mean just that: a person must write it.
        """
        end = "\r\n" if "\r\n" in self.text else "\n"
        line, header = self.line(name, value), f"[{'.'.join(self.table)}]"
        found = _header(self.table).search(self.text)
        if found is not None:
            before, after = self.text[: found.end()], self.text[found.end() :]
            made = f"{before}{end}{line}{after or end}"
        else:
            lead = self.text and self.text.rstrip("\r\n") + end * 2
            made = f"{lead}{header}{end}{line}{end}"
        expected = _parse(self.path, self.text)
        _made(expected, self.table)[name] = value
        if not self._says(made, expected):
            raise SettingError(
                f"{shown_path(self.path)} has its settings in a form that cannot be added to."
                f" Write into {header} yourself: {line}"
            )
        return made

    def _says(self, made: str, expected: dict[str, Any]) -> bool:
        try:
            return _parse(self.path, made) == expected
        except SettingError:
            return False


def find_settings_file(here: Path) -> SettingsFile:
    """Return the file that pytest reads where it is called in ``here``, or the one to make.

    Raises SettingError where one cannot be read.
    """
    project = None
    for folder in (here, *here.parents):
        for name, tables in _TABLES.items():
            path = folder / name
            if not path.is_file():
                continue
            text = _read(path)
            whole = _parse(path, text)
            for table in tables:
                if _inside(whole, table) is not None:
                    return SettingsFile(path, text, table)
            if name in _ALWAYS:
                return SettingsFile(path, text, tables[0])
            if name == "pyproject.toml" and project is None:
                project = SettingsFile(path, text, tables[0])
    return project or SettingsFile(here / "pyproject.toml", "", _INI_OPTIONS)


def _is_toml(path: Path) -> bool:
    return path.suffix == ".toml"


def _read(path: Path) -> str:
    try:
        return read_regular(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{shown_path(path)} cannot be read: {error}") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        if _is_toml(path):
            return tomllib.loads(text)
        return {one.name: dict(one.items()) for one in iniconfig.IniConfig(str(path), data=text)}
    except (tomllib.TOMLDecodeError, iniconfig.ParseError) as error:
        raise SettingError(f"{shown_path(path)} cannot be read: {error}") from error


def _inside(whole: dict[str, Any], table: Sequence[str]) -> dict[str, Any] | None:
    """Return the table of that name, None where there is none."""
    found: Any = whole
    for part in table:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and not _only_holds(found, table) else None


def _only_holds(found: dict[str, Any], table: Sequence[str]) -> bool:
    """Return whether a table is there for the other one that lies in it."""
    return tuple(table) == _INI_OPTIONS[:-1] and set(found) <= {_INI_OPTIONS[-1]}


def _made(whole: dict[str, Any], table: Sequence[str]) -> dict[str, Any]:
    for part in table:
        whole = whole.setdefault(part, {})
    return whole


def _header(table: Sequence[str]) -> re.Pattern[str]:
    """Return what the line of a table's name looks like, its end aside."""
    name = r"[ \t]*\.[ \t]*".join(map(re.escape, table))
    return re.compile(
        rf"^[ \t]*\[[ \t]*{name}[ \t]*\][ \t]*(?:[#;][^\r\n]*)?(?=\r?$)", re.MULTILINE
    )
