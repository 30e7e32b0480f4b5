"""People's own data: what a file is written in, and its columns as numbers."""
