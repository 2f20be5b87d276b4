"""Repositories: each looks after one kind of row."""
