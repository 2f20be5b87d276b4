"""Files and bytes: read, kept, shared, put aside in temporary folders."""
