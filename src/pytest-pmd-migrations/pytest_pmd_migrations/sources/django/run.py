"""Run Django's migrations on one file, as ``manage.py migrate`` does.

What Django would read anew for each command (modules, the graph, the models of each state) is kept
for the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

from pytest_pmd_migrations.sources.django.graphs import Graphs, Key
from pytest_pmd_migrations.sources.django.parts import part
from pytest_pmd_migrations.sources.django.recorder import plain_recorder, recorder_class
from pytest_pmd_migrations.sources.django.redirected import ALIAS, redirected

__all__ = ["MigrateCommand"]

Plan: TypeAlias = list[tuple[Any, bool]]
"""Django's own migrations, each with whether it is taken back."""


class MigrateCommand:
    """Brings files up, in the order and with the signals of Django's own command.

    ``graphs`` are the project's migrations; ``blocker`` is what pytest-django keeps tests from
    databases with, None without it.
    """

    def __init__(self, graphs: Graphs, blocker: Any = None) -> None:  # noqa: ANN401
        self._graphs, self._blocker = graphs, blocker
        self._states: dict[tuple[object, frozenset[Key]], Any] = {}

    def upgrade(self, file: Path, allowed: Collection[Key], held_back: Collection[Key]) -> None:
        """Apply to ``file`` those of ``allowed`` that it lacks, and what they depend on.

        Squashed migrations of ``held_back`` stand back behind what they replace. Raises what a
        migration or Django raises.
        """

        def plan(executor: Any) -> Plan:  # noqa: ANN401
            graph, applied = executor.loader.graph, executor.loader.applied_migrations
            asked: dict[Key, None] = {}
            for key in allowed:
                if key in graph.nodes and key not in applied:
                    asked.update(dict.fromkeys(graph.forwards_plan(key)))
            return [(graph.nodes[key], False) for key in asked if key not in applied]

        self._run(file, plan, held_back)

    def take_back(self, file: Path, key: Key, held_back: Collection[Key]) -> None:
        """Take a migration back, and what depends on it; for ``held_back`` see ``upgrade``.

        Raises what a migration or Django raises: IrreversibleError of Django's where there is no
        way back.
        """

        def plan(executor: Any) -> Plan:  # noqa: ANN401
            graph, applied = executor.loader.graph, executor.loader.applied_migrations
            return [
                (graph.nodes[each], True) for each in graph.backwards_plan(key) if each in applied
            ]

        self._run(file, plan, held_back)

    def _run(self, file: Path, plan: Callable[[Any], Plan], held_back: Collection[Key]) -> None:
        lifted = self._blocker.unblock() if self._blocker is not None else nullcontext()
        run = part("django.core.management.base", "no_translations")(self._handle)
        with lifted, redirected(file) as connection:
            run(connection, plan, held_back)

    def _handle(
        self,
        connection: Any,  # noqa: ANN401
        plan_of: Callable[[Any], Plan],
        held_back: Collection[Key],
    ) -> None:
        """Do what the command's own method of that name does."""
        connection.prepare_database()
        executor = self._executor(connection, held_back)
        loader = executor.loader
        with plain_recorder():
            loader.check_consistent_history(connection)
        for key in held_back:
            # The executor marks the others as applied where all that they replace is.
            loader.replacements.pop(key, None)
        there = frozenset(key for key in loader.applied_migrations if key in loader.graph.nodes)
        before = self._state(executor, there)
        plan = plan_of(executor)
        with _unchanged_operations(plan):
            _forget_content_types(before)
            _send("pre", before, plan)
            # Without a plan, Django gives the state back as it is.
            after = executor.migrate(None, plan=plan, state=before.clone() if plan else before)
            changed = {_key(migration) for migration, _ in plan}
            back = any(is_back for _, is_back in plan)
            place = (loader, there - changed if back else there | changed)
            if place not in self._states:
                self._states[place] = _rendered(after)
            _send("post", self._states[place], plan)

    def _executor(self, connection: Any, held_back: Collection[Key]) -> Any:  # noqa: ANN401
        """Return Django's executor with a loader that is kept: a new one reads all anew."""
        kind = part("django.db.migrations.executor", "MigrationExecutor")
        executor = kind.__new__(kind)
        executor.connection = connection
        executor.recorder = recorder_class()(connection)
        executor.loader = self._graphs.loader(executor.recorder.applied_migrations(), held_back)
        executor.progress_callback = None
        return executor

    def _state(self, executor: Any, applied: frozenset[Key]) -> Any:  # noqa: ANN401
        """Return the models as the migrations that a database has make them; nobody changes it."""
        place = (executor.loader, applied)
        if place not in self._states:
            state = executor._create_project_state(with_applied_migrations=True)
            self._states[place] = _rendered(state)
        return self._states[place]


def _key(migration: Any) -> Key:  # noqa: ANN401
    return (migration.app_label, migration.name)


def _send(when: str, state: Any, plan: Plan) -> None:  # noqa: ANN401
    signal = part("django.core.management.sql", f"emit_{when}_migrate_signal")
    signal(0, False, ALIAS, apps=state.apps, plan=plan)


@contextmanager
def _unchanged_operations(plan: Plan) -> Iterator[None]:
    """Take out of the migrations what Django puts in before it runs them: renamed content types."""
    kept = [(migration, list(migration.operations)) for migration, _ in plan]
    try:
        yield
    finally:
        for migration, operations in kept:
            migration.operations = operations


def _forget_content_types(state: Any) -> None:  # noqa: ANN401
    """Clear what models remember of the database that the last run worked on."""
    apps = part("django.apps", "apps")
    known = [state.apps.all_models["contenttypes"].get("contenttype")]
    for app, name in (("contenttypes", "ContentType"), ("sites", "Site")):
        if apps.is_installed(f"django.contrib.{app}"):
            known.append(apps.get_model(app, name))
    for model in known:
        for manager in model._meta.managers if model is not None else ():
            if hasattr(manager, "clear_cache"):
                manager.clear_cache()


def _rendered(state: Any) -> Any:  # noqa: ANN401
    """Return a state whose models are complete, as the command gives them to post_migrate."""
    state.clear_delayed_apps_cache()
    models = state.apps
    model_state = part("django.db.migrations.state", "ModelState")
    known = part("django.apps", "apps")
    with models.bulk_update():
        real = [(each.app_label, each.name_lower) for each in models.real_models]
        for key in real:
            models.unregister_model(*key)
    models.render_multiple([model_state.from_model(known.get_model(*key)) for key in real])
    # None of them is made with its relations left out, as those of a state that a run begins with.
    state.is_delayed = False
    return state
