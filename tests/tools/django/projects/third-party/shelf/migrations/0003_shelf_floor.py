from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shelf", "0002_shelf_room")]

    operations = [
        migrations.AddField("shelf", "floor", models.IntegerField(default=0)),
    ]
