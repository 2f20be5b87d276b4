"""Find what a step lost of a table that survived it: constraints, indexes, triggers."""
