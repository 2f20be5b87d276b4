"""The pages on Alembic and Flask-Migrate: what they show is what the commands print."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.tools.tried_project import TriedProject

pytest.importorskip("alembic", reason="Alembic is not installed in this environment")

PAGES = Path(__file__).parents[3] / "docs/howto"
INIT = {
    "alembic": ("alembic", "init", "alembic"),
    "flask": ("flask", "--app", "webapp:create_app", "db", "init"),
}
TOOLS = {"alembic": "alembic", "flask": "flask_migrate"}
_FILE = re.compile(r"[Ww]rite `(.*?)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TIME = re.compile(r"\bin \d+\.\d+s(?: \([\d:]+\))?")


@pytest.mark.parametrize("name", INIT)
def test_a_page_shows_what_is_printed(name: str, tmp_path: Path) -> None:
    pytest.importorskip(TOOLS[name], reason=f"{TOOLS[name]} is not installed here")
    page = (PAGES / f"{name}.md").read_text("utf-8")
    files = dict(_FILE.findall(page))
    begun = tmp_path / "begun"
    begun.mkdir()
    if "webapp.py" in files:
        (begun / "webapp.py").write_text(files["webapp.py"], "utf-8")
    project = TriedProject(begun, tmp_path, files=("precious.db", "notes.db"))
    made = project.run(*INIT[name])
    assert made.code == 0, made.text
    for file, text in files.items():
        (project.path / file).write_text(text, "utf-8")
    ini = project.path / "alembic.ini"
    if ini.exists():
        url = re.sub(
            r"^sqlalchemy\.url = .*$",
            "sqlalchemy.url = sqlite:///notes.db",
            ini.read_text(),
            flags=re.M,
        )
        ini.write_text(url)
    shown = _CONSOLE.search(page)
    assert shown is not None
    printed = ""
    for line in re.findall(r"^\$ (.*)$", shown[1], re.MULTILINE):
        shutil.rmtree(project.path / ".pytest_cache", ignore_errors=True)
        printed += f"$ {line}\n{project.run(*shlex.split(line)).text}"
    assert _TIME.sub("in 0s", printed) == _TIME.sub("in 0s", shown[1])
