"""The engine is the application's own: with a pool, and a URL that no setting changes."""

import database
from alembic import context

with database.engine.connect() as connection:
    context.configure(connection=connection, transactional_ddl=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
