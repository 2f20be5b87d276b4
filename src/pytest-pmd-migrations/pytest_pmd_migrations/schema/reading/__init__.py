"""Read a database's schema from SQLite into plain values."""
