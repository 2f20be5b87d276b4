"""Database files: open, copy, check, back up, restore and upgrade them.

`opening` opens a path, `copying` copies a whole database, `soundness` checks one, `pages` compares
two files, `backup` keeps copies and `restore` puts one back, `upgrade` runs the missing steps and
`rehearsal` tries them on a copy.
"""

from __future__ import annotations
