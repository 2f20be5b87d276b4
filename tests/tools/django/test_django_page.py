"""The page on Django prints what it says, where Django is installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.pages.typed_pages import comparable, in_a_shell, type_page

pytest.importorskip("django", reason="Django is not installed in this environment")

PAGE = Path(__file__).parents[3] / "docs/howto/django.md"


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8").replace("```shellsession", "```console")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command, printed in type_page(page, tmp_path, in_a_shell(programs)):
        assert comparable(printed) == comparable(command.printed), command.line
