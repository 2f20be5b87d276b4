from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]

    operations = [
        migrations.AddField("note", "stars", models.PositiveIntegerField(default=0)),
        migrations.AddField("note", "slug", models.CharField(max_length=100, default="")),
    ]
