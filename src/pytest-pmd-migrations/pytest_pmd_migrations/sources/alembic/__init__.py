"""Migrate by Alembic, and by Flask-Migrate: its environment runs unchanged, on private copies."""
