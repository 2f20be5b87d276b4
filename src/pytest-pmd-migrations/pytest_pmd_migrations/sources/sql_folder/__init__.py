"""Folders of SQL scripts that follow the rules of a known tool, its own table included.

The tool itself need not be installed: its scripts are run by a runner of this package, which reads
and writes the tool's table as the tool does, so that its real databases are understood.
"""

from __future__ import annotations

from pytest_pmd_migrations.sources.sql_folder.choose import sql_folder_source

__all__ = ["sql_folder_source"]
