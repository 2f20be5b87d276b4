"""Look for migrations in a project, as text alone: nothing of it is run or imported."""

from pytest_pmd_migrations.sources.found_here.candidates import find_candidates, told_candidates
from pytest_pmd_migrations.sources.found_here.project_files import Candidate

__all__ = ["Candidate", "find_candidates", "told_candidates"]
