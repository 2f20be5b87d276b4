"""Tell a run where GitHub Actions shows it: in the summary of the job, and beside the code."""
