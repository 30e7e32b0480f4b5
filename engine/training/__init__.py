"""What happens: the loops, the trainer and its events, the history and its snapshots."""
