"""What git has of a file, and what a merge leaves in one."""
