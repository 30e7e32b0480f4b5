"""What numba compiles: the steps of one run, those of many runs side by side, the shuffle."""
