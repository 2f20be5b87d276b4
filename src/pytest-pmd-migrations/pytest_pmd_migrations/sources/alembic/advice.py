"""What to write into env.py so that each revision is one transaction on SQLite."""

from __future__ import annotations

__all__ = ["ATOMIC_ADVICE"]

ATOMIC_ADVICE = (
    "On SQLite, Alembic commits after each statement. Write into env.py, before",
    "connectable.connect() (of an async engine, for connectable.sync_engine):",
    "",
    "    from sqlalchemy import event",
    "",
    '    @event.listens_for(connectable, "connect")',
    "    def _(dbapi_connection, record):",
    "        dbapi_connection.isolation_level = None",
    "",
    '    @event.listens_for(connectable, "begin")',
    "    def _(connection):",
    '        connection.exec_driver_sql("BEGIN IMMEDIATE")',
    "",
    "and give context.configure() these, too:",
    "",
    "        transactional_ddl=True,",
    "        transaction_per_migration=True,",
)
"""The lines, of at most 76 columns, that a finding of ``atomic`` ends with."""
