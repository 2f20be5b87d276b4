"""Steps that need not be taken again: what they look at is what it was when they were taken."""
