"""Keep fresh databases from run to run as templates, and know when one may be copied."""
