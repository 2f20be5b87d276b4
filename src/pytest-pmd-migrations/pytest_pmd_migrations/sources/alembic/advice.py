"""What to write into env.py so that each step of Alembic's is one transaction on SQLite."""

from __future__ import annotations

__all__ = ["ATOMIC_ADVICE"]

ATOMIC_ADVICE = (
    "Alembic commits after each statement on SQLite. In env.py, let it begin one transaction a",
    "revision, and commit its change and its mark together:",
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
    "    context.configure(",
    "        connection=connection,",
    "        target_metadata=target_metadata,",
    "        transactional_ddl=True,",
    "        transaction_per_migration=True,",
    "    )",
)
"""The lines, of at most 76 columns, that a finding of ``atomic`` ends with.

An asynchronous engine takes its listeners at ``connectable.sync_engine``.
"""
