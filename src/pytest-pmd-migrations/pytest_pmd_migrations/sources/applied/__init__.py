"""What a database says of itself: which versions were applied, and in which tables."""
