"""The C library of SQLite that Python's ``sqlite3`` calls, reached through ctypes."""
