from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notes", "0004_fill_slugs")]

    operations = [
        migrations.AlterField("note", "title", models.CharField(max_length=300)),
    ]
