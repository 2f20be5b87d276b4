"""SQLite's way to the operating system (VFS), with a shim that tells what passes through it."""
