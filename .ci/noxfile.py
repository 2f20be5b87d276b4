"""Run the tests on all that is supported: `nox -f .ci/noxfile.py`, or `-s NAME` for one session.

docs/reference/supported-versions.md says what that is.
"""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from pathlib import Path

import nox

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MATRIX = ("pytest", "-q", "--migration-matrix", "-m", "migration")

SQLITE = "3.37.0"
# SQLite's own site has no checksums that stay, and a registry keeps what it once had.
SQLITE_FROM = "better-sqlite3@7.4.6"
SQLITE_DIGEST = "b8299b47aeee5cc5e5765a8eb1007249ad100b11d9b2a60dbea345901b6ab517"
SQLITE_OPTIONS = ("FTS3", "FTS4", "FTS5", "RTREE", "JSON1", "COLUMN_METADATA", "MATH_FUNCTIONS")

nox.options.default_venv_backend = "venv"
# An interpreter that is not there is told, and its session left out; CI has all of them.
nox.options.error_on_missing_interpreters = False


def install(session: nox.Session, *more: str) -> None:
    """Install both packages and the pinned tools, then what the session has otherwise."""
    session.chdir(ROOT)
    session.install("-q", "-r", "requirements.lock")
    if more:
        session.install("-q", *more)


@nox.session(python=PYTHONS)
def python(session: nox.Session) -> None:
    """Run all tests, and the matrix of pmd's own history, on one Python."""
    install(session)
    session.run("pytest", "-q", "-n", "auto", *session.posargs)
    session.run(*MATRIX)


@nox.session(python=PYTHONS[0])
def oldest_pytest(session: nox.Session) -> None:
    """Run the tests that start pytest on the oldest one that is supported."""
    install(session, "pytest==8.4.*")
    session.run("pytest", "-q", "-n", "auto", "tests/acceptance", "tests/unit/plugin")
    session.run(*MATRIX)


@nox.session(python=PYTHONS[0])
def oldest_sqlite(session: nox.Session) -> None:
    """Run whole projects, and the matrix of pmd's own history, on the oldest SQLite.

    Needs npm, to fetch its source, and a C compiler.
    """
    install(session)
    # Nox's own folder for temporary files lies within the repository, and tests would find its
    # settings above theirs.
    library = {"LD_LIBRARY_PATH": str(build_sqlite(session)), "TMPDIR": tempfile.gettempdir()}
    version = "import sqlite3; print(sqlite3.sqlite_version)"
    found = session.run("python", "-c", version, env=library, silent=True)
    if not found or found.strip() != SQLITE:
        session.error(f"Python has SQLite {found}; expected {SQLITE}: is its own a part of it?")
    session.run("pytest", "-q", "-n", "auto", "tests/acceptance", env=library)
    session.run(*MATRIX, env=library)


def build_sqlite(session: nox.Session) -> Path:
    """Return a folder with the library of the oldest SQLite, made of the source that is pinned."""
    folder = Path(session.create_tmp()).resolve()
    run = {"external": True, "silent": True}
    packed = session.run("npm", "pack", "--pack-destination", str(folder), SQLITE_FROM, **run)
    package = folder / str(packed).strip().splitlines()[-1]
    with tarfile.open(package) as outer:
        inner = outer.extractfile("package/deps/sqlite3.tar.gz")
        with tarfile.open(fileobj=inner) as source:
            source.extractall(folder, filter="data")
    text = folder / "sqlite3.c"
    if hashlib.sha256(text.read_bytes()).hexdigest() != SQLITE_DIGEST:
        session.error(f"{SQLITE_FROM} has another sqlite3.c than the one that was looked at")
    options = [f"-DSQLITE_ENABLE_{option}" for option in SQLITE_OPTIONS]
    made = ["-Wl,-soname,libsqlite3.so.0", "-o", str(folder / "libsqlite3.so.0")]
    libraries = ("-lm", "-ldl", "-lpthread")
    session.run(
        *("cc", "-O2", "-fPIC", "-shared", "-w", *options, str(text), *made, *libraries),
        external=True,
    )
    return folder
