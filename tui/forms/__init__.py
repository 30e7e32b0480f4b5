"""Forms: rows of labels with fields to type in and choices to turn."""
