"""Propose and write the declarations of all that the matrix finds: the command ``declare``."""
