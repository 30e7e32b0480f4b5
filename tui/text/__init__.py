"""Words on the screen: wrapping, lessons' Markdown, numbers, tables."""
