"""Runs that outlast their process, in folders that others can read."""
