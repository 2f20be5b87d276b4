"""Database files: open, copy, check, back up, restore and upgrade them."""
