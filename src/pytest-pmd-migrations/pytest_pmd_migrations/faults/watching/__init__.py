"""See what one run of the application's runner does through Python's SQLite drivers."""
