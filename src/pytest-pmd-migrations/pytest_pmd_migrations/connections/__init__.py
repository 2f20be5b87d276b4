"""Connections to copies of an application's database: prepared, recorded, heard."""
