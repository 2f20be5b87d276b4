"""Report outcomes as lines of the terminal."""
