"""One application: its migrations, its rules, what is stored of it, and fresh databases."""
