"""Snapshots and results as charts, one kind a file; nothing here draws."""
