"""Many cases under one law: as one item each, or all in one item that names what is wrong."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import pytest

__all__ = ["as_parameters", "for_every", "holds_for_every"]

Case = TypeVar("Case")

_WRONG = (Exception, pytest.fail.Exception, pytest.skip.Exception)
"""What a case may end with instead of being right: one that is left out was not judged."""


def as_parameters(cases: Mapping[str, Case]) -> list[object]:
    """Return the cases as parameters whose ids are their names, as a person can type them.

    "equal: order of triggers" is chosen by ``-k order-of-triggers``. Raises ValueError if there is
    no case, since a test without parameters is skipped, or if two ids are equal.
    """
    found = {re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-"): name for name in cases}
    if not cases or len(found) != len(cases):
        raise ValueError(f"equal ids of {sorted(set(cases) - set(found.values()))}, or no case")
    return [pytest.param(cases[name], id=typed) for typed, name in found.items()]


def holds_for_every(cases: Mapping[str, Case], judge: Callable[[Case], None]) -> None:
    """Judge each case; fail with the name of each one that ``judge`` raised for, and the error."""
    _judge_all([*cases.items()], judge)


def for_every(
    names: str, cases: Iterable[Any], *, ids: Iterable[str] | Callable[[Any], str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a test judge all of its cases in one item, which names each wrong one.

    It is written as `pytest.mark.parametrize` is; `ids` may be a function of a case. Fixtures are
    made once, for all cases together, but for `tmp_path`: each case has an empty folder of its
    own. Raises ValueError if there is no case, or one with another number of values than there
    are names, or if not each has an id.
    """
    parameters = [name.strip() for name in names.split(",")]
    cases = [*cases]
    rows = [(case,) if len(parameters) == 1 else tuple(case) for case in cases]
    if ids is None:
        titles = [", ".join(map(repr, row)) for row in rows]
    else:
        titles = [*map(ids, cases)] if callable(ids) else [*ids]
    if not rows or len(titles) != len(rows) or {len(row) for row in rows} != {len(parameters)}:
        raise ValueError(f"no case, or one that does not fit {names!r}, or another number of ids")

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(test)

        @wraps(test)
        def judge_every(**fixtures: Any) -> None:
            def judge(row: tuple[int, Sequence[object]]) -> None:
                number, values = row
                given = {**fixtures, **dict(zip(parameters, values, strict=True))}
                if "tmp_path" in fixtures:
                    given["tmp_path"] = _folder(fixtures["tmp_path"], number)
                test(**given)

            _judge_all([*zip(titles, enumerate(rows), strict=True)], judge)

        wanted = [each for each in signature.parameters.values() if each.name not in parameters]
        judge_every.__signature__ = signature.replace(parameters=wanted)  # type: ignore[attr-defined]
        return judge_every

    return decorate


def _folder(path: Path, number: int) -> Path:
    folder = path / f"case{number}"
    folder.mkdir()
    return folder


def _judge_all(cases: Sequence[tuple[str, Case]], judge: Callable[[Case], None]) -> None:
    assert cases
    wrong = []
    for name, case in cases:
        try:
            judge(case)
        except _WRONG as error:  # each error is reported beside the others
            text = "\n    ".join(f"{type(error).__name__}: {error}".splitlines())
            wrong.append(f"{name}\n    {_line(error)}{text}")
    if wrong:
        pytest.fail("\n".join([f"{len(wrong)} of {len(cases)} cases:", *wrong]), pytrace=False)


def _line(error: BaseException) -> str:
    """The last line of the tests themselves that an error came through; empty if there is none."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.name.startswith("test_"):
            found = f"{path.name}:{trace.tb_lineno}: "
        trace = trace.tb_next
    return found
