"""Draw the condition of a declaration from the rows that a step lost or changed."""
