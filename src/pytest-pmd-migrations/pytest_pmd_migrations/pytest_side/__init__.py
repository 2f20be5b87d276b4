"""Everything that meets pytest: settings, hooks, cells as items, databases for fixtures."""
