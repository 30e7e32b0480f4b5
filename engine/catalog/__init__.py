"""Everything that can be chosen: one registry a file, and what their entries are made of."""
