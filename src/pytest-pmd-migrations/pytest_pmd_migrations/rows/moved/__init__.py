"""Find where the values of a table or column that went are kept now, and prove it."""
