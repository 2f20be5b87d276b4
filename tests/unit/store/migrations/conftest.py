"""An application at version 1, for the tests of what its next step may and may not do."""

from __future__ import annotations

import pytest

from tests.unit.store.migrations.application import Application


@pytest.fixture
def app(tmp_path):
    app = Application(tmp_path)
    app.add("db.executescript('CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1), (2)')")
    return app


@pytest.fixture
def at_one(app):
    """A connection to the database at version 1, and an application with a step to come."""
    with app.connect() as conn:
        app.runner(conn).run_migrations()
        yield conn
