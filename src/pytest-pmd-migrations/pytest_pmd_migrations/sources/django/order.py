"""Which migrations of a Django project are its versions, and in which order Django applies them."""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.close_names import did_you_mean
from pytest_pmd_migrations.sources.django.graphs import Graphs, Key
from pytest_pmd_migrations.sources.django.parts import part
from pytest_pmd_migrations.sources.django.reason import reason_of

__all__ = ["foreign_tables", "label", "module_of", "read_graphs", "versions_in_order"]

_INSTALLED = {"site-packages", "dist-packages"}


def label(key: Key) -> str:
    """Return what Django's own messages call a migration: ``notes.0003_tag``."""
    return ".".join(key)


def module_of(migration: Any) -> Any:  # noqa: ANN401
    """Return the module that a migration is written in."""
    return sys.modules[type(migration).__module__]


def read_graphs(named: str) -> Graphs:
    """Import every migration there is; SourceError, one line, where Django cannot."""
    graphs: Graphs = _asked(named, Graphs)
    return graphs


def versions_in_order(graphs: Graphs, app: str, root: Path, named: str) -> tuple[Key, ...]:
    """Return the migrations of the apps below ``root``, or of ``app``, as Django applies them.

    A squashed one comes behind those that it replaces.
    Raises SourceError where there are none, and where Django refuses to migrate.
    """
    own = {key for key, each in graphs.found.items() if _is_below(module_of(each), root)}
    wanted = {key for key in own if key[0] == app} if app else own
    if not wanted:
        raise SourceError(_why_none(app, {key[0] for key in own}, root, named))
    squashed = {key for key in graphs.replaced if key in own}
    loader = _asked(named, lambda: graphs.loader({}, squashed))
    _refuse_conflicts(loader, named)
    order = [key for key in _empty_plan(loader) if key in wanted]
    for key in sorted(squashed & wanted - {*order}):
        last = max(order.index(each) for each in graphs.replaced[key] if each in order)
        order.insert(last + 1, key)
    return tuple(order)


def foreign_tables(own: Collection[str], *, besides: Collection[str]) -> tuple[str, ...]:
    """Return the tables of installed apps whose labels are not among ``own``."""
    tables: dict[bool, set[str]] = {True: set(), False: set()}
    for config in part("django.apps", "apps").get_app_configs():
        for model in config.get_models(include_auto_created=True):
            tables[config.label in own].add(model._meta.db_table)
    return tuple(sorted(tables[False] - tables[True] - {*besides}))


def _asked(named: str, question: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return question()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise SourceError(
            f"{named}: Django cannot read the migrations: {reason_of(error)}"
        ) from error


def _empty_plan(loader: Any) -> Sequence[Key]:  # noqa: ANN401
    """Return the migrations in the order in which Django applies them to an empty database."""
    plan: dict[Key, None] = {}
    for leaf in loader.graph.leaf_nodes():
        plan.update(dict.fromkeys(loader.graph.forwards_plan(leaf)))
    return [*plan]


def _refuse_conflicts(loader: Any, named: str) -> None:  # noqa: ANN401
    conflicts = loader.detect_conflicts()
    if conflicts:
        told = "; ".join(f"{', '.join(names)} in {app}" for app, names in sorted(conflicts.items()))
        raise SourceError(
            f"{named}: Django refuses to migrate: conflicting migrations detected; multiple leaf"
            f" nodes in the migration graph: ({told}). To fix them run: python manage.py"
            " makemigrations --merge"
        )


def _is_below(module: Any, root: Path) -> bool:  # noqa: ANN401
    """Return whether a module is the project's own: an environment may lie below its folder."""
    path = Path(inspect.getfile(module)).resolve()
    folder = root.resolve()
    return path.is_relative_to(folder) and not _INSTALLED & {*path.relative_to(folder).parts}


def _why_none(app: str, own: set[str], root: Path, named: str) -> str:
    apps = part("django.apps", "apps")
    labels = {config.label: Path(config.path).resolve() for config in apps.get_app_configs()}
    below = sorted(each for each, path in labels.items() if path.is_relative_to(root.resolve()))
    if not app:
        first = f" makemigrations {below[0]}" if below else " makemigrations"
        return (
            f"{named}: no app below {root} has migrations; expected at least one. Write the first:"
            f" python manage.py{first}"
        )
    if app not in labels:
        close = difflib.get_close_matches(app, sorted(labels), 1) or sorted(own)[:1]
        meant = did_you_mean(*(f"django:{each}" for each in close))
        return f"{named}: no installed app has the label {app!r}{meant}"
    if app in below:
        return (
            f"{named}: the app {app} has no migrations; expected at least one. Write the first:"
            f" python manage.py makemigrations {app}"
        )
    return (
        f"{named}: the migrations of the app {app} are not the project's own: they are not below"
        f" {root}{did_you_mean(*(f'django:{each}' for each in sorted(own)[:1]))}"
    )
