"""The order in which an epoch uses its samples: the same for every loop, with or without numba.

Fisher and Yates's shuffle, driven by the SplitMix64 sequence (Steele, Lea and Flood 2014). It is
our own because it must be the same in Python and inside a compiled kernel, where it takes a few
nanoseconds a sample.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

GAMMA = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
S27, S30, S31, S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)


def key_of(seed: int, epoch: int) -> int:
    """Where the sequence of random numbers of an epoch starts; 64 bits."""
    digest = hashlib.blake2b(f"{seed} shuffle".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + (epoch << 32)) % 2**64


def permutation(key: int, n: int) -> NDArray[np.int64]:
    """A permutation of n samples, n < 2³²; in Python, for a few thousand samples."""
    with np.errstate(over="ignore"):
        z = np.uint64(key) + np.arange(1, n, dtype=np.uint64) * GAMMA
        z = (z ^ (z >> S30)) * FIRST
        z = (z ^ (z >> S27)) * SECOND
        z ^= z >> S31
        left = np.arange(n, 1, -1, dtype=np.uint64)
        chosen = ((z >> S32) * left) >> S32
    order = list(range(n))
    for i, j in zip(range(n - 1, 0, -1), chosen.tolist(), strict=True):
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)


def shuffle(key: np.uint64, order: NDArray[np.int64]) -> None:
    """Fill `order` with the permutation that `permutation` gives; written to be compiled."""
    n = order.shape[0]
    for i in range(n):
        order[i] = i
    state = key
    for i in range(n - 1, 0, -1):
        state += GAMMA
        z = (state ^ (state >> S30)) * FIRST
        z = (z ^ (z >> S27)) * SECOND
        z ^= z >> S31
        j = np.int64(((z >> S32) * np.uint64(i + 1)) >> S32)
        order[i], order[j] = order[j], order[i]
