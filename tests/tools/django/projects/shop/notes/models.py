from django.conf import settings
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=300)
    body = models.TextField(default="")
    stars = models.PositiveIntegerField(default=0)
    slug = models.CharField(max_length=100, default="")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)


class Comment(models.Model):
    note = models.ForeignKey(Note, models.CASCADE)
    text = models.TextField()
