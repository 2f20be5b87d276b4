"""Ask the questions of the matrix: one module a check, and the values they share."""
