"""Refuse what is no report, or one of a newer format, before anything of it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_pmd_migrations.errors import SettingError

__all__ = ["FORMAT", "NEWEST_FORMAT", "refuse_other_formats"]

FORMAT = "pytest-pmd-migrations report"
NEWEST_FORMAT = 1
"""The newest ``format_version`` that is understood here."""


def refuse_other_formats(report: Mapping[str, Any]) -> None:
    """Raise SettingError unless ``report`` is a report of a format that is known here, with a run.

    Keys that are not known are left alone: a later format of the same version may add some.
    """
    found = report.get("format")
    if found != FORMAT:
        raise SettingError(
            f"this is no report of a migration run: its format is {found!r}, expected {FORMAT!r}"
        )
    version = report.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise SettingError(
            f"the report has no format_version that can be read: {version!r}, expected 1"
        )
    if version > NEWEST_FORMAT:
        raise SettingError(
            f"the report has format_version {version}, newer than {NEWEST_FORMAT}, the newest known"
            " here.  pip install --upgrade pytest-pmd-migrations"
        )
    if not report.get("runs"):
        raise SettingError("the report holds no run; expected at least one in its list 'runs'")
