"""Reports: outcomes as lines of the terminal."""
