"""What concerns a whole process: its audit hook, its end, work that takes long."""
