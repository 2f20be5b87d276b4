"""Write the values of a report as JSON, and read them again: what is wrong, and where."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pytest_pmd_migrations.errors import ReportError
from pytest_pmd_migrations.run_report.values import FORMAT, FORMAT_VERSION, Report

__all__ = [
    "MARK",
    "REPORT_FORMAT",
    "Format",
    "from_values",
    "json_values",
    "parse_report",
    "to_values",
    "written_report",
]

_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
MARK = f'{{"format": {json.dumps(FORMAT)}, "format_version": '
"""How the text of every report begins."""


def to_values(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return a value of a report as JSON has it: objects, lists, texts, numbers."""
    if isinstance(value, (str, int, float, NoneType)):
        return value
    if isinstance(value, (tuple, list)):
        return [to_values(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): to_values(one) for key, one in value.items()}
    kind: Any = type(value)
    return {name: to_values(getattr(value, name)) for name in _names(kind)}


def written_report(report: Report) -> str:
    """Return the text of a report's file: ASCII, and its mark comes first."""
    runs = ",\n".join(json.dumps(to_values(run), allow_nan=False) for run in report.runs)
    return f'{MARK}{report.format_version}, "runs": [\n{runs}\n]}}\n'


@dataclass(frozen=True)
class Format:
    """A kind of file: ``kind`` in words, its mark, the newest version known here, who writes it."""

    kind: str
    mark: str
    version: int
    expected: str

    def refuse_others(self, values: object, name: str) -> None:
        """Raise ReportError unless these are values of this format, of a version known here."""
        if not isinstance(values, Mapping) or values.get("format") != self.mark:
            raise ReportError(
                f"{name} is no {self.kind}: its format is not {self.mark!r}; {self.expected}"
            )
        version = values.get("format_version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise ReportError(
                f"{name}: format_version is {_shown(version)}; expected a whole number"
            )
        if version > self.version:
            raise ReportError(
                f"{name} has version {version} of the format, and this pytest-pmd-migrations reads"
                f" up to {self.version}. Install the version that wrote it, or a later one"
            )


_EXPECTED = "expected what pytest --migration-matrix --migration-report=report.json writes"
REPORT_FORMAT = Format("report", FORMAT, FORMAT_VERSION, _EXPECTED)


def json_values(text: str, name: str, form: Format) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return the values of a file's text, which is of that format; ``name`` names it in messages.

    Raises ReportError: it is no JSON, of another format, or of a later version.
    """
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        told = str(error) or "it is nested too deeply"
        raise ReportError(f"{name} is no JSON: {told}; {form.expected}") from error
    form.refuse_others(values, name)
    return values


def parse_report(text: str, name: str) -> Report:
    """Return the report that the text of a file holds, which ``name`` names in messages.

    Raises ReportError: it is no JSON, no report, of a later version, or spoilt.
    """
    report: Report = from_values(Report, json_values(text, name, REPORT_FORMAT), name)
    _refuse_strays(report, name)
    return report


def from_values(kind: Any, value: object, where: str) -> Any:  # noqa: ANN401 - a value of that kind
    """Return ``value`` as what ``kind`` says; keys that it does not have are ignored.

    Raises ReportError, which begins with ``where`` and the way to what is wrong.
    """
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        own = next(one for one in get_args(kind) if one is not NoneType)
        return None if value is None else from_values(own, value, where)
    if origin is Literal:
        return _expect(
            value in get_args(kind), value, where, " or ".join(map(repr, get_args(kind)))
        )
    if origin is tuple:
        _expect(isinstance(value, list), value, where, "a list")
        own = get_args(kind)[0]
        listed: Sequence[object] = value  # type: ignore[assignment]  # see above
        return tuple(from_values(own, one, f"{where}[{n}]") for n, one in enumerate(listed))
    if origin is not None:
        _expect(isinstance(value, dict), value, where, "an object")
        own = get_args(kind)[1]
        mapped: Mapping[str, object] = value  # type: ignore[assignment]  # see above
        return {key: from_values(own, one, f"{where}.{key}") for key, one in mapped.items()}
    if is_dataclass(kind):
        return _object(kind, value, where)
    fits = isinstance(value, (int, float) if kind is float else kind)
    fits = fits and (kind is bool or not isinstance(value, bool))
    return _expect(fits, value, where, _WORDS[kind])


def _object(kind: Any, value: object, where: str) -> Any:  # noqa: ANN401 - a value of that kind
    _expect(isinstance(value, dict), value, where, "an object")
    found: Mapping[str, object] = value  # type: ignore[assignment]  # see above
    given = {}
    joint = ": " if kind is Report else "."
    for name, (one, own) in _fields(kind).items():
        if name in found:
            given[name] = from_values(own, found[name], f"{where}{joint}{name}")
        elif one.default is MISSING and one.default_factory is MISSING:
            raise ReportError(f"{where} lacks {name!r}; it was edited, or cut off")
    return kind(**given)


def _expect(fits: bool, value: object, where: str, expected: str) -> Any:  # noqa: ANN401
    if not fits:
        raise ReportError(f"{where} is {_shown(value)}; expected {expected}")
    return value


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _refuse_strays(report: Report, name: str) -> None:
    """Refuse indices that lead nowhere, and runs that share a name."""
    names = [run.name for run in report.runs]
    for n, run in enumerate(report.runs):
        if run.name in names[:n]:
            raise ReportError(f"{name}: runs[{n}] has the name of another run, {run.name!r}")
        for m, application in enumerate(run.applications):
            at = f"{name}: runs[{n}].applications[{m}]"
            for k, cell in enumerate(application.cells):
                _refuse_index(cell.findings, len(application.findings), f"{at}.cells[{k}].findings")
            for k, version in enumerate(application.versions):
                schema = version.schema or ()
                _refuse_index(schema, len(application.objects), f"{at}.versions[{k}].schema")


def _refuse_index(indices: Sequence[int], length: int, where: str) -> None:
    for index in indices:
        if not 0 <= index < length:
            raise ReportError(f"{where} has {index}; expected indices below {length}")


@cache
def _fields(kind: Any) -> Mapping[str, tuple[Field[Any], Any]]:  # noqa: ANN401 - a dataclass
    hints = get_type_hints(kind)
    return {one.name: (one, hints[one.name]) for one in fields(kind)}


@cache
def _names(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a dataclass
    return tuple(one.name for one in fields(kind))
