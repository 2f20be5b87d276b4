"""Show schemas and their differences to people."""
