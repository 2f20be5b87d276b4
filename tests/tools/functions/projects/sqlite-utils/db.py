"""The database of the notes, and its migrations."""

from sqlite_utils import Migrations

migrations = Migrations("notes")


@migrations()
def create_notes(db):
    db["notes"].create({"id": int, "title": str}, pk="id", not_null={"title"})


@migrations()
def add_done(db):
    db["notes"].add_column("done", int, not_null_default=0)


@migrations()
def create_tags(db):
    columns = {"id": int, "note": int, "tag": str}
    db["tags"].create(columns, pk="id", foreign_keys=[("note", "notes", "id")], if_not_exists=True)


@migrations()
def trim_titles(db):
    db.execute("UPDATE notes SET title = trim(title) WHERE title <> trim(title)")


@migrations()
def rebuild_notes(db):
    db["notes"].transform(defaults={"done": 0}, not_null={"title", "done"})


@migrations()
def create_settings(db):
    db["settings"].create({"key": str, "value": str}, pk="key")
