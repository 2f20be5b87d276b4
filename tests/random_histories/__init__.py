"""Histories of migrations drawn by chance."""
