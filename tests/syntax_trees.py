"""The syntax trees of source files.

None is kept: those of both packages take sixty megabytes, whose page tables every fork of a later
test would copy, and which every later search for garbage would walk through.
"""

from __future__ import annotations

import ast
from pathlib import Path


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
