"""Print how the cost of each corner of a schema grows, with the aim.

`python -m tests.benchmarks.corners [WORD ...]`. Each corner is measured with n and with 4n things
in CPU seconds, the best of three turns; the exponent is log(4n / n) of the costs to the base 4.
"""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.corner_cases import CORNERS, Corner, Work

AIM = 1.2
FACTOR = 4
TURNS = 3
SHORTEST = 0.02
"""Seconds below which a cost says little: the start of it is most of it."""


def main(words: Sequence[str] = ()) -> int:
    """Measure the corners whose names hold one of the words, or all; 1 if one misses the aim."""
    gc.freeze()
    missed = 0
    for corner in CORNERS:
        if words and not any(word in corner.name for word in words):
            continue
        missed += not _measure(corner)
    return int(missed > 0)


def _measure(corner: Corner) -> bool:
    costs = [_cost(corner.work(count)) for count in (corner.small, corner.small * FACTOR)]
    exponent = math.log(costs[1] / costs[0], FACTOR)
    met = exponent <= AIM
    sys.stdout.write(
        f"{exponent:5.2f} {'' if met else '!'}  {corner.name}: {corner.small} in {costs[0]:.4f} s,"
        f" {corner.small * FACTOR} in {costs[1]:.4f} s CPU\n"
    )
    sys.stdout.flush()
    return met


def _cost(work: Work) -> float:
    best = math.inf
    for _ in range(TURNS):
        gc.collect()
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
        if best > 5:
            break
    return best


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
