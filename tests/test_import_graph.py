"""The import graph finds every import of made-up packages, and every circle."""

from __future__ import annotations

from pathlib import Path

from tests.every import for_every
from tests.import_graph import ImportGraph, read


def graph_of(folder: Path, **files: str) -> ImportGraph:
    """The graph of a package `app` with these files; `a__b` is the file `app/a/b.py`."""
    package = folder / "app"
    for name, text in {"__init__": "", **files}.items():
        path = package / f"{name.replace('__init__', '@').replace('__', '/')}.py".replace(
            "@", "__init__"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read(package)


@for_every(
    "text",
    [
        "import app.low\n",
        "import app.low as other\n",
        "from app.low import name\n",
        "from app.low import *\n",
        "from app import low\n",
        "from app import low as other\n",
        "from . import low\n",
        "from .low import name\n",
        "def use():\n    from app.low import name\n",
        "class Use:\n    import app.low\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.low import name\n",
        "import typing\nif typing.TYPE_CHECKING:\n    import app.low\n",
        "try:\n    import app.low\nexcept ImportError:\n    pass\n",
        "import importlib\nlow = importlib.import_module('app.low')\n",
        "from importlib import import_module\nlow = import_module('app.low')\n",
        "low = __import__('app.low')\n",
    ],
)
def test_every_way_to_import_is_seen(tmp_path: Path, text: str) -> None:
    graph = graph_of(tmp_path, low="name = 1\n", high=text)
    assert list(graph.edges["app/high.py"]) == ["app/low.py"]
    circle = graph_of(tmp_path, low="import app.high\n", high=text)
    assert circle.circles() == ["app/high.py -> app/low.py -> app/high.py"]


def test_imports_that_lead_one_way_are_no_circle(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path, low="import os\n", middle="import app.low\n", high="import app.middle"
    )
    assert graph.circles() == []
    assert graph.circles_of_folders() == []
    assert graph.describe("app/high.py", "app/middle.py") == "app/high.py:1 imports app/middle.py"


def test_a_shortest_way_round_is_told_of_each_circle(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        a="import app.b",
        b="import app.c\nimport app.d",
        c="import app.a",
        d="import app.c",
        x="import app.y",
        y="def late():\n    import app.x",
    )
    assert graph.circles() == [
        "app/a.py -> app/b.py -> app/c.py -> app/a.py",
        "app/x.py -> app/y.py -> app/x.py",
    ]


def test_a_file_that_imports_itself_is_a_circle(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, a="def late():\n    import app.a\n")
    assert graph.circles() == ["app/a.py -> app/a.py"]


def test_a_package_that_gathers_its_modules_names_is_no_circle(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        room____init__="from app.room.a import one\nfrom app.room import b\n__all__ = ['one']",
        room__a="from app.room import b\none = 1",
        room__b="",
    )
    assert graph.circles() == []
    assert list(graph.edges["app/room/a.py"]) == ["app/room/b.py"]


def test_a_name_that_the_package_itself_binds_is_read_from_it(tmp_path: Path) -> None:
    """`compare` is a module of the room and a function that the room's `__init__.py` exports."""
    graph = graph_of(
        tmp_path,
        room____init__="from app.room.compare import compare\ndef made_here(): pass\n",
        room__compare="from app.room import made_here\ndef compare(): pass\n",
        outside="from app.room import compare\n",
    )
    assert graph.circles() == [
        "app/room/__init__.py -> app/room/compare.py -> app/room/__init__.py"
    ]
    assert set(graph.edges["app/outside.py"]) == {"app/room/__init__.py", "app/room/compare.py"}


def test_imports_of_other_packages_are_kept_beside_the_graph(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, a="import os.path\nlow = import_module('click')\n")
    assert graph.edges["app/a.py"] == {}
    assert [(one.name, one.top, one.line, one.by_string) for one in graph.imports["app/a.py"]] == [
        ("os.path", "os", 1, False),
        ("click", "click", 2, True),
    ]


def test_folders_that_import_each_other_are_found_without_a_circle_of_files(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path,
        one__a="import app.two.b",
        two__b="",
        two__c="import app.one.d",
        one__d="",
    )
    assert graph.circles() == []
    assert graph.circles_of_folders() == [
        "in app, one -> two: app/one/a.py:1 imports app/two/b.py",
        "in app, two -> one: app/two/c.py:1 imports app/one/d.py",
    ]
    assert graph.without([("app/two/c.py", "app/one/d.py")]).circles_of_folders() == []
