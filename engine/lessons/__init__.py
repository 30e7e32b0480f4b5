"""Lessons: an experiment with a text, something to predict, and goals that check themselves."""
