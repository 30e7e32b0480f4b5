"""Many runs: sweeps, bands over seeds, races, the search for a learning rate."""
