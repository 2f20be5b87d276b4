"""pmd's schema history, a module a version; released ones never change (docs/MIGRATIONS.md)."""
