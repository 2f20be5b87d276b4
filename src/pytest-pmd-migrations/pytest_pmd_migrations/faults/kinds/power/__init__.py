"""The kind ``power``: one run is recorded, and a loss of power is tried after each write."""
