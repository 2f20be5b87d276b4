"""How messages are laid out, and what an error says of itself."""
