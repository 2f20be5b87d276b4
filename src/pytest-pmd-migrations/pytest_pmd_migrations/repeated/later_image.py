"""The image of a database whose last steps were not taken yet: they are when somebody looks."""

from __future__ import annotations

from functools import cached_property

from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.files.kept_bytes import Kept
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["LaterImage"]


class LaterImage(Image):
    """What ``start`` becomes at ``version``; most runs never look at it."""

    def __init__(self, source: Source, start: Image, version: int, limits: StepLimits) -> None:
        self._made_from = source, start, version, limits
        self.preparation = start.preparation

    @cached_property
    def kept(self) -> Kept:
        """The bytes, made when they are first asked for.

        Raises StepFailedError where the steps cannot be taken.
        """
        source, start, version, limits = self._made_from
        *_, last = walk(source, start, to=version, limits=limits)
        return last.after.kept
