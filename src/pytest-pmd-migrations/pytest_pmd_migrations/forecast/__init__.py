"""Say beforehand how long a step takes, and how much room it needs, in a database of some size."""
