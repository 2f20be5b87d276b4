"""Let the processes of one run leave walks of lineages to each other."""
