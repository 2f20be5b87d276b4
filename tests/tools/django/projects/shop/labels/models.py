from django.db import models


class Label(models.Model):
    name = models.CharField(max_length=50, unique=True)
    shelf = models.ForeignKey("shelf.Shelf", models.CASCADE, null=True)
    notes = models.ManyToManyField("notes.Note")
