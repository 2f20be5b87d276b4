"""Describe one application: its migrations, its rules, its store, and its fresh databases."""
