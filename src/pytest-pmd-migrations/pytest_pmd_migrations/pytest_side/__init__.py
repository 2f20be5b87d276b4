"""Meet pytest: its settings and hooks, cells as its items, databases for its fixtures."""
