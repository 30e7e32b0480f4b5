"""The lab in a browser: one process a visitor, behind a token, with nothing of anybody else's."""
