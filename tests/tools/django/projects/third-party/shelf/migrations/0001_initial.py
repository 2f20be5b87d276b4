from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("notes", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Shelf",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=50)),
                ("first", models.ForeignKey("notes.note", models.SET_NULL, null=True)),
            ],
        ),
    ]
