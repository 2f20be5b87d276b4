"""The grid: which cells there are, and each lineage walked once for all of them."""
