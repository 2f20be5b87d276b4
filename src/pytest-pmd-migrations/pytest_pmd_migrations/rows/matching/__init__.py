"""Read the rows before and after a step, and match them with each other."""
