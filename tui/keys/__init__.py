"""The one table of actions: bindings, key bar, help, palette and README are made from it."""
