"""pmd's store: one SQLite file that holds collections, documents and what was learnt of them.

`database` opens the file and brings it to the latest version; each repository module looks after
one kind of row. This package imports nothing, so that opening an up-to-date file stays cheap.
"""

from __future__ import annotations

__all__: list[str] = []
