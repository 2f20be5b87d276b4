"""List the cells of the grid, and walk each lineage once for all of them."""
