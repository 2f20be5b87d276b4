from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("notes", "0003_comment"), ("shelf", "0002_shelf_room")]

    operations = [
        migrations.CreateModel(
            name="Label",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=50, unique=True)),
                ("shelf", models.ForeignKey("shelf.shelf", models.CASCADE, null=True)),
                ("notes", models.ManyToManyField("notes.note")),
            ],
        ),
    ]
