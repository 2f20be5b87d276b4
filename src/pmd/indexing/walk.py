"""Find the files of a folder that its patterns ask for, and what keeps others from being read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pmd.indexing.errors import FolderError, Problem
from pmd.indexing.patterns import Patterns

__all__ = ["FoundFiles", "find_files"]


@dataclass(slots=True)
class FoundFiles:
    """What a walk found, as paths relative to its folder, with slashes.

    `closed` are folders, and links that may have led to one, which could not be listed: what lies
    in them is unknown, not gone. Those that are worth telling in any case are `problems` too.
    """

    paths: list[str] = field(default_factory=list)
    closed: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def why_unknown(self, path: str) -> Problem | None:
        """Return what keeps the walk from knowing whether `path` is there, or None."""
        for problem in self.problems:
            if path == problem.path:
                return problem
        for problem in self.closed:
            if path.startswith(f"{problem.path}/"):
                return problem
        return None


def find_files(folder: Path, patterns: Patterns) -> FoundFiles:
    """Return the files below `folder` that match, in order of their paths.

    A link to a file counts as a file. A link to a folder is followed, but no folder is walked
    twice, so that links in a circle end. Raises FolderError if the folder itself cannot be listed.
    """
    walk = _Walk(folder, patterns)
    walk.run()
    walk.found.paths.sort()
    walk.found.problems.sort(key=lambda problem: problem.path)
    return walk.found


class _Walk:
    """One walk through a folder: real folders first, then those that links lead to."""

    def __init__(self, folder: Path, patterns: Patterns) -> None:
        self.found = FoundFiles()
        self._folder = folder
        self._patterns = patterns
        # Those that hold the folder are as good as walked: a link to one would lead back here.
        self._walked = {_identity(above): str(above) for above in folder.resolve().parents}
        self._links: list[str] = []

    def run(self) -> None:
        self._walk("")
        while self._links:
            self._links.sort(reverse=True)
            link = self._links.pop()
            try:
                known = self._walked.get(_identity(self._folder / link))
            except OSError as error:
                self._tell_closed(link, error)
                continue
            if known is None:
                self._walk(link)
            else:
                self._tell(
                    link,
                    f"it is a link to {known or '.'}, and would lead in a circle or to the same"
                    " files twice, so it is not followed. Remove it",
                )

    def _walk(self, start: str) -> None:
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            try:
                identity = _identity(self._folder / folder)
                if identity in self._walked:
                    continue
                self._walked[identity] = folder
                with os.scandir(self._folder / folder) as entries:
                    for entry in entries:
                        path = f"{folder}/{entry.name}" if folder else entry.name
                        if self._is_folder_to_walk(entry, path):
                            waiting.append(path)
            except OSError as error:
                self._tell_closed(folder, error)

    def _is_folder_to_walk(self, entry: os.DirEntry[str], path: str) -> bool:
        """Return whether a folder is to be walked now; note down anything else that is wanted."""
        if entry.is_dir(follow_symlinks=False):
            return self._may_lead_to_files(path)
        if entry.is_file(follow_symlinks=False):
            if self._patterns.match(path):
                self._add_file(path)
        elif self._patterns.match(path) or self._may_lead_to_files(path):
            self._follow(path)
        return False

    def _follow(self, path: str) -> None:
        try:
            mode = (self._folder / path).stat().st_mode
        except OSError as error:
            broken = Problem(
                path, f"it is a link that leads nowhere ({error.strerror}). Mend or remove it"
            )
            self.found.closed.append(broken)
            if self._patterns.match(path):
                self.found.problems.append(broken)
            return
        if stat.S_ISDIR(mode):
            self._links.append(path)
        elif self._patterns.match(path):
            if stat.S_ISREG(mode):
                self._add_file(path)
            else:
                self._tell(path, "it is a device, pipe or socket. Give it another name")

    def _add_file(self, path: str) -> None:
        try:
            path.encode()
        except UnicodeEncodeError:
            self._tell(path, "its name is no UTF-8, and cannot be stored. Rename it")
        else:
            self.found.paths.append(path)

    def _may_lead_to_files(self, path: str) -> bool:
        """Return whether a file below the folder `path` can match."""
        depth = self._patterns.depth
        if depth is not None and path.count("/") + 2 > depth:
            return False
        return self._patterns.hidden or not path.rpartition("/")[2].startswith(".")

    def _tell(self, path: str, reason: str) -> None:
        self.found.problems.append(Problem(path, reason))

    def _tell_closed(self, folder: str, error: OSError) -> None:
        if not folder:
            raise FolderError(
                f"the folder {self._folder} cannot be read: {error.strerror}. Nothing of the"
                " collection was changed. Make the folder readable, and index again."
            ) from error
        self._tell(
            folder,
            f"the folder cannot be read: {error.strerror}. Make it readable, and index again",
        )
        self.found.closed.append(self.found.problems[-1])


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino
