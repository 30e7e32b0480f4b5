"""The order of an epoch as a script works it out, which holds this very text."""

from __future__ import annotations


def shuffled(n: int, key: int) -> list[int]:
    """The numbers below n as Fisher and Yates shuffle them, their chance from SplitMix64."""
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        key = (key + 0x9E3779B97F4A7C15) % 2**64
        z = (key ^ key >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        j = ((z ^ z >> 31) >> 32) * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    return order
