"""Write walks to a file as they end, and read those that another process wrote to its own.

What several walks have in common is written once, as :mod:`pickle` does within one file.
"""

from __future__ import annotations

import copyreg
import pickle
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.files.kept_bytes import KeptBytes
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.messages.error_chain import follow
from pytest_pmd_migrations.messages.wording import error_text

__all__ = ["WalkReader", "WalkWriter", "can_be_read_again"]


class WalkWriter:
    """Writes walks to a new file, one behind the other.

    ``own`` are the objects that each process of the run has itself, by the same names.
    """

    def __init__(self, path: Path, own: Mapping[str, object]) -> None:
        self._path = path
        self._piece = BytesIO()
        self._pickler = _Pickler(self._piece, own)
        self._written = 0
        self.size = 0
        """Bytes that were written so far."""

    def add(self, walk: Walk) -> int:
        """Write a walk and return its number in the file.

        Raises whatever refuses to be written; then the file is to be added to no more.
        """
        self._pickler.dump(walk)
        with self._path.open("ab") as file:
            self.size += file.write(self._piece.getbuffer())
        self._piece.seek(0)
        self._piece.truncate()
        self._written += 1
        return self._written - 1


class WalkReader:
    """Reads the walks that another process wrote to ``path``; ``own`` are as for the writer."""

    def __init__(self, path: Path, own: Mapping[str, object]) -> None:
        self._path = path
        self._taken = 0
        self._piece = BytesIO()
        self._unpickler = _Unpickler(self._piece, own)
        self._read: list[Walk] = []

    def walk(self, number: int) -> Walk:
        """Return the walk at a number that the writer returned.

        Raises whatever refuses to be read; then nothing more is to be read of the file.
        """
        if len(self._read) <= number:
            self._go_on()
        while len(self._read) <= number:
            self._read.append(self._unpickler.load())
        self._become(self._piece.read())
        return self._read[number]

    def _go_on(self) -> None:
        """Take what was added to the file; the other process may be writing more."""
        with self._path.open("rb") as file:
            file.seek(self._taken)
            added = file.read()
        self._taken += len(added)
        self._become(self._piece.read() + added)

    def _become(self, content: bytes) -> None:
        """Keep what is still to be read, and nothing else."""
        self._piece.seek(0)
        self._piece.truncate()
        self._piece.write(content)
        self._piece.seek(0)


class _Pickler(pickle.Pickler):
    def __init__(self, file: Any, own: Mapping[str, object]) -> None:  # noqa: ANN401 - as pickle's
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._names = {id(thing): name for name, thing in own.items()}

    def persistent_id(self, thing: object) -> str | None:
        """Return the name of an object that the other process has itself."""
        return self._names.get(id(thing))

    def reducer_override(self, thing: object) -> Any:  # noqa: ANN401 - as pickle's
        """Write errors with what they came from, and bytes by pages, each once."""
        if isinstance(thing, MigrationTestError):
            # Its class may ask for more than the arguments that an exception keeps.
            made = copyreg.__newobj__, (type(thing), *thing.args)  # type: ignore[attr-defined]  # no stub
            return _remake_error, (*made, thing.__dict__, thing.__cause__)
        reduced = thing.__reduce__() if isinstance(thing, BaseException) else ""
        if isinstance(thing, BaseException) and thing.__cause__ and isinstance(reduced, tuple):
            make, arguments, *state = reduced
            return _remake_error, (make, arguments, *(state or [{}]), thing.__cause__)
        if isinstance(thing, KeptBytes):
            return KeptBytes.of_pieces, thing.in_pieces()
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, own: Mapping[str, object]) -> None:  # noqa: ANN401 - as pickle's
        super().__init__(file)
        self._own = own

    def persistent_load(self, name: str) -> object:
        """Return this process's own object of that name."""
        return self._own[name]


def _remake_error(
    make: Callable[..., BaseException],
    arguments: tuple[object, ...],
    state: Mapping[str, object],
    cause: BaseException | None,
) -> BaseException:
    """Return an error as it was, with what it came from."""
    error = make(*arguments)
    error.__dict__.update(state)
    error.__cause__ = cause
    return error


def can_be_read_again(failure: MigrationTestError) -> bool:
    """Return whether an error says the same, with all it came from, where it is read again."""
    file = BytesIO()
    try:
        _Pickler(file, {}).dump(failure)
        read = pickle.loads(file.getvalue())
        return _said(read) == _said(failure)
    except Exception:
        # The application's own errors can refuse in any way.
        return False


def _said(error: BaseException) -> list[tuple[type[BaseException], str]]:
    return [(type(one), error_text(one)) for one in follow(error, lambda one: one.__cause__)]
