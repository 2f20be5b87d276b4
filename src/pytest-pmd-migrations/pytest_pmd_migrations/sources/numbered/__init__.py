"""Sources of numbered files, whichever runner applies them."""
