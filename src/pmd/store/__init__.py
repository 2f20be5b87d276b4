"""pmd's store: one SQLite file that holds collections, documents and what is known of them.

`database` opens the file and brings it to the latest version; `files` has what it needs for that:
opening, copying, backing up, upgrading. `migrations` has the numbered steps and their runner,
`repositories` one module for each kind of row. This package imports nothing, so that opening an
up-to-date file stays cheap.
"""

from __future__ import annotations

__all__: list[str] = []
