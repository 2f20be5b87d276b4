"""Read the files of a collection's folder, and bring the index to what they say.

`walk` finds the files, `patterns` decides which are wanted, `markdown` and `front_matter` read a
document, `index_collection` compares with the database and writes the difference. SQL is in the
repositories only.
"""

from __future__ import annotations

__all__: list[str] = []
