from django.db import migrations

CHANGES = {"notes_note.slug": ("slug = ''", "notes had no slug before")}


def fill(apps, schema_editor):
    for note in apps.get_model("notes", "Note").objects.filter(slug=""):
        note.slug = f"note-{note.pk}"
        note.save(update_fields=["slug"])


class Migration(migrations.Migration):
    dependencies = [("notes", "0003_comment")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
