"""Write a report's file as a whole, and nothing over a file that is not a report."""

from __future__ import annotations

import importlib
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import ReportError
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.run_report.json_form import MARK, parse_report, to_values, written_report
from pytest_pmd_migrations.run_report.values import Report
from pytest_pmd_migrations.snapshots.temporary_files import owned_file

__all__ = ["GENERATOR", "ReportFile", "read_report", "read_text"]

GENERATOR = '<meta name="generator" content="pytest-pmd-migrations">'
"""What stands at the head of each page that is a report, by which it is known as ours."""

_PAGE = "pytest_pmd_migrations.report_page.page"
_HEAD = 65536
_FORMS = (".json", ".html")


@dataclass(frozen=True)
class ReportFile:
    """Where a report is to be written: ``.json`` for its values, ``.html`` for a page.

    ``asked_by`` is what names the file, as messages begin: ``--migration-report=report.json``.
    """

    path: Path
    asked_by: str

    def refuse_unusable(self) -> None:
        """Raise ReportError where no report can be written there, or something else would go."""
        if self.path.suffix.lower() not in _FORMS:
            raise self._error("it ends in neither .json nor .html, which say what is written")
        try:
            kind = self._kind()
            if kind is None:
                if not self.path.resolve().parent.is_dir():
                    raise self._error("its folder does not exist. Make it first")
            elif stat.S_ISDIR(kind):
                raise self._error("it is a folder; expected a file's name")
            elif not stat.S_ISREG(kind):
                raise self._error("it is a pipe or a device; expected a file's name")
            elif not self._is_ours():
                raise self._error(
                    "a file is there that is no report of this package's. It stays as it is: name"
                    " another one, or remove it"
                )
        except (OSError, ValueError) as error:
            raise self._error(_why(error)) from error
        self._render()

    def write(self, report: Report) -> None:
        """Write the report by an atomic rename; the old file stays whole where that fails.

        Raises ReportError.
        """
        text = self._render()(report)
        try:
            there = self.path.resolve()
            mode = stat.S_IMODE(there.stat().st_mode) if there.exists() else 0o644
            # The page of somebody else may hold what UTF-8 cannot.
            with owned_file(there, text.encode(errors="backslashreplace")) as temporary:
                temporary.chmod(mode)
                temporary.replace(there)
        except (OSError, ValueError) as error:
            raise self._error(
                f"it cannot be written: {_why(error)}. Name another file, or make room and rights"
                f" for {self.path.name} in {self.path.parent}"
            ) from error

    def _kind(self) -> int | None:
        """Return what is there, None where nothing is; a link that leads in a circle raises."""
        try:
            return self.path.stat().st_mode
        except FileNotFoundError:
            return None

    def _is_ours(self) -> bool:
        """Return whether a report of the same form is there, or a file in which nothing is."""
        with self.path.open("rb") as file:
            head = file.read(_HEAD)
        mark = MARK if self.path.suffix.lower() == ".json" else GENERATOR
        at = head.find(mark.encode())
        return not head or (at == 0 if mark == MARK else at >= 0)

    def _render(self) -> Callable[[Report], str]:
        """Return what makes the text of the file."""
        if self.path.suffix.lower() == ".json":
            return written_report
        try:
            page: Any = importlib.import_module(_PAGE)
        except ModuleNotFoundError as error:
            raise self._error(
                f"a page cannot be made: {error}; expected a name in .json"
            ) from error
        return lambda report: str(page.render_page(to_values(report)))

    def _error(self, what: str) -> ReportError:
        return ReportError(f"{self.asked_by}: {what}")


def read_report(path: Path) -> Report:
    """Return the report that a JSON file holds.

    Raises ReportError, which names the file, where it cannot be read or is none.
    """
    text, shown = read_text(path)
    if GENERATOR in text[:_HEAD]:
        raise ReportError(
            f"{shown} is a page, which cannot be read again; expected the report as JSON:"
            " --migration-report=report.json"
        )
    return parse_report(text, shown)


def read_text(path: Path) -> tuple[str, str]:
    """Return the text of a JSON file, and how messages name the file.

    Raises ReportError where it cannot be read.
    """
    shown = printable_line(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ReportError(f"{shown} is no file; expected JSON")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise ReportError(f"{shown} cannot be read: {_why(error)}") from error
    try:
        return content.decode(), shown
    except UnicodeDecodeError as error:
        raise ReportError(f"{shown} is no JSON: it is no UTF-8 at byte {error.start}") from error


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
