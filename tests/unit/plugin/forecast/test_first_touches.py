"""Memory that a process touches for the first time is told by its size, and costs time."""

from __future__ import annotations

import mmap

from pytest_pmd_migrations.forecast.first_touches import first_touches

PAGES = 2_000


def test_only_the_first_touch_of_a_page_counts() -> None:
    size = PAGES * mmap.PAGESIZE
    with mmap.mmap(-1, size) as memory:
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            memory.madvise(mmap.MADV_NOHUGEPAGE)
        since = first_touches()
        memory[:: mmap.PAGESIZE] = bytes(PAGES)
        first = since()
        since = first_touches()
        memory[:: mmap.PAGESIZE] = bytes(PAGES)
        again = since()
    # Python itself touches a few pages now and then.
    assert size <= first.size < 1.2 * size
    assert again.size < 0.2 * size
    assert 0 <= again.seconds < first.seconds
