"""What migrations declare about rows: values, where they are read, how they are written."""
