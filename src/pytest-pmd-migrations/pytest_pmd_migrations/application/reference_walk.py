"""Ask at every version of a lineage which references of the schema are broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import NamedTuple

from pytest_pmd_migrations.application.fresh import FreshDatabases
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.copied_rows import has_rows_of
from pytest_pmd_migrations.schema.references.changed_meanings import StoredText
from pytest_pmd_migrations.schema.references.find import check_references
from pytest_pmd_migrations.schema.references.since import changes_since
from pytest_pmd_migrations.schema.references.values import NOTHING_THERE, Broken, References

__all__ = ["Arrival", "ReferenceWalk", "SchemaReferences"]


class Arrival(NamedTuple):
    """What became of the references when a database arrived at a version.

    ``present`` are all that are broken now, ``appeared`` those that this step broke, and
    ``of_new_objects`` those of them whose object this step made. ``renamed`` are the names of
    tables, old and new, that a RENAME wrote into some of these. ``doubtful`` are references that a
    RENAME led to another table, perhaps on purpose. ``unsure`` could not be asked about, for want
    of something that only the application has.
    """

    present: tuple[Broken, ...] = ()
    appeared: tuple[Broken, ...] = ()
    of_new_objects: frozenset[Broken] = frozenset()
    renamed: tuple[tuple[str, str], ...] = ()
    doubtful: tuple[Broken, ...] = ()
    unsure: tuple[Broken, ...] = ()


class SchemaReferences:
    """The references of one application's schemas, checked once for each stored text."""

    def __init__(self, fresh: FreshDatabases, rules: Rules) -> None:
        self._fresh = fresh
        self._rules = rules
        self._known: dict[StoredText, References] = {(): NOTHING_THERE}
        self._at: dict[int, tuple[StoredText, References]] = {}
        self._of_fresh: dict[int, Arrival] = {}
        self._fresh_walk = ReferenceWalk(self, begins_with=())

    def of(self, text: StoredText, image: Image) -> References:
        """Return the references of a schema, whose stored text is given; without ignored objects.

        Raises SchemaReadError where the schema cannot be read.
        """
        if text not in self._known:
            with closing(image.connect()) as copy:
                found = check_references(copy)
            broken, unsure = self.visible(found.broken), self.visible(found.unsure)
            known = found._replace(broken=broken, unsure=unsure)
            self._known[self._fresh.shared.text(text)] = known
        return self._known[text]

    def fresh_at(self, version: int) -> tuple[StoredText, References]:
        """Return the stored text of a fresh schema, and its references.

        Raises FreshFailedError where no fresh database can be built.
        """
        if version not in self._at:
            text = self._fresh.text(version)
            self._at[version] = text, self.of(text, self._fresh.image(version))
        return self._at[version]

    def of_fresh(self, versions: Sequence[int]) -> Mapping[int, Arrival]:
        """Return the arrivals of a fresh database at ``versions``, all from the first one on.

        Raises FreshFailedError where no fresh database can be built.
        """
        for version in versions:
            if version not in self._of_fresh:
                text, image = self._fresh.text(version), self._fresh.image(version)
                self._of_fresh[version] = self._fresh_walk.arrive(text, image)
        return {version: self._of_fresh[version] for version in versions}

    def walk(self) -> ReferenceWalk:
        """Return what follows one lineage that begins with a stored database."""
        return ReferenceWalk(self)

    def visible(self, found: Sequence[Broken]) -> tuple[Broken, ...]:
        """Return those of objects that no pattern of ``migration_ignore`` hides."""
        hides = self._rules.hides
        return tuple(one for one in found if not (hides(one.name) or hides(one.owner)))


class ReferenceWalk:
    """Follows the references of one lineage, version by version.

    ``begins_with`` is the stored text that it has before the first arrival; without it the first
    arrival is at what is stored, which no step has made.
    """

    def __init__(self, references: SchemaReferences, begins_with: StoredText | None = None) -> None:
        self._references = references
        self._text = begins_with
        self._found = NOTHING_THERE

    def arrive_fresh(self, version: int) -> None:
        """Go on from a fresh database, which breaks nothing that another lineage did not."""
        self._text, self._found = self._references.fresh_at(version)

    def arrive(self, text: StoredText, image: Image) -> Arrival:
        """Return what became of the references in a database with this stored text."""
        before, then = self._text, self._found
        if text == before:
            return Arrival(then.broken, unsure=then.unsure)
        now = self._references.of(text, image)
        self._text, self._found = text, now
        if before is None:
            return Arrival(now.broken, unsure=now.unsure)
        changes = changes_since(before, then, text, now)
        appeared, doubtful, renamed = list(changes.broken), [], [*changes.renamed]
        if changes.elsewhere:
            with closing(image.connect()) as conn:
                for found, old, new in changes.elsewhere:
                    # A table with the rows of the renamed one takes its place: others follow it.
                    if has_rows_of(conn, old, new):
                        appeared.append(found)
                        renamed.append((old, new))
                    else:
                        doubtful.append(found)
        return Arrival(
            now.broken,
            self._references.visible(appeared),
            changes.of_new_objects,
            tuple(dict.fromkeys(renamed)),
            self._references.visible(doubtful),
            now.unsure,
        )
