"""Load sqlite-vec, an extension of SQLite that searches vectors."""

from __future__ import annotations

import importlib
import sqlite3

from pmd.store.errors import VectorsUnavailableError

__all__ = ["load_vector_extension"]

VECTOR_VERSION_SQL = "SELECT vec_version()"


def load_vector_extension(connection: sqlite3.Connection) -> None:
    """Make sqlite-vec available on `connection`, unless it is already.

    Raises VectorsUnavailableError, which says what is missing.
    """
    if _is_loaded(connection):
        return
    enable = getattr(connection, "enable_load_extension", None)
    if enable is None:
        raise VectorsUnavailableError(
            "sqlite-vec cannot be loaded: this Python's sqlite3 was built without loadable "
            "extensions. Use a Python that has them; everything but vector search works."
        )
    try:
        extension = importlib.import_module("sqlite_vec")
    except ImportError as error:
        raise VectorsUnavailableError(
            "sqlite-vec is not installed: pip install 'pmd[vectors]'. "
            "Everything but vector search works without it."
        ) from error
    enable(True)
    try:
        extension.load(connection)
    except sqlite3.Error as load_error:
        raise VectorsUnavailableError(
            f"sqlite-vec cannot be loaded into SQLite {sqlite3.sqlite_version}: {load_error}. "
            "Everything but vector search works without it."
        ) from load_error
    finally:
        enable(False)


def _is_loaded(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute(VECTOR_VERSION_SQL).fetchone()
    except sqlite3.OperationalError:
        return False
    return True
