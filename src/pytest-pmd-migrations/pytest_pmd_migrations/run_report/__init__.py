"""The report of a run as one JSON value: what it says, how it is gathered, written and read."""
