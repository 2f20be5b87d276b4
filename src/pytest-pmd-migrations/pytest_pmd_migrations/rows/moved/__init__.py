"""Find the new tables and columns that have the values of those that went, and prove it."""
