"""Draw the report of a run as one page of HTML, from the report's JSON alone."""
