"""Charts as cells of the terminal: axes, braille dots, heat maps; the only importer of plotext."""
