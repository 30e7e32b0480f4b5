"""The devices that tests run on: those that are not here are skipped, and said so."""

from __future__ import annotations

import pytest
import torch

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="no CUDA device is here: graphs are not tried"
        ),
    ),
]
