"""Read a database file's pages, without SQLite: which tables are the same in two files."""
