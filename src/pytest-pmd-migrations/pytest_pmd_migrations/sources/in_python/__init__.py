"""Sources of migrations that are values of a Python module: lists, and sqlite-utils' objects."""
