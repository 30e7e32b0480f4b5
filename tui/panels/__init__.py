"""The parts of the main screen, one a file; each shows a snapshot and asks no sibling."""
