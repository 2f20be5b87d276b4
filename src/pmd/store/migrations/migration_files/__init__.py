"""Numbered migration files: which there are, and what each one holds.

`discovery` reads names only, `module_import` imports a module once a process, `module_contents`
checks what is in it, `migration` has the values that all others work with.
"""

from __future__ import annotations
