from django.db import models


class Shelf(models.Model):
    name = models.CharField(max_length=50)
    room = models.CharField(max_length=50, default="")
    floor = models.IntegerField(default=0)
    first = models.ForeignKey("notes.Note", models.SET_NULL, null=True)
