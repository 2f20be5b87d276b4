"""Find the names in a schema that mean nothing: what they name does not exist."""
