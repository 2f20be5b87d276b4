"""Run the command `pmd` in a process of its own: `pmd`, and `python -m pmd`."""

from __future__ import annotations

import gc

__all__ = ["run"]

# Importing makes tens of thousands of objects, and none is garbage: the default of 700 would search
# them again and again.
_NEW_OBJECTS_BEFORE_A_SEARCH = 50_000


def run() -> None:
    """Run the command with the arguments of this process, and exit with its exit code."""
    gc.set_threshold(_NEW_OBJECTS_BEFORE_A_SEARCH)
    from pmd.cli import main

    try:
        main()
    finally:
        # What is left goes with the process, and is not searched once more.
        gc.freeze()


if __name__ == "__main__":
    run()
