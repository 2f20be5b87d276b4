"""SQL's clock stands still and its dice are seeded on the connections that this package opens."""
