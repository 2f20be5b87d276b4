"""What every check says of many projects, as files: `python -m tests.recorded_results FOLDER`."""
