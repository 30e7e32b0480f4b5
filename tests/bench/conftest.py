"""The fixtures of the benchmarks."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(autouse=True)
def what_is_frozen_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at all objects of all tests takes longer than what is timed here."""
    monkeypatch.setattr(gc, "collect", lambda: 0)
    monkeypatch.setattr(gc, "unfreeze", lambda: None)
