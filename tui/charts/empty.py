"""Words in place of a chart that has nothing to show."""

from __future__ import annotations

from engine.support.translation import in_words, tr
from engine.training.snapshot import Snapshot
from tui.keys.in_use import key_of

ZOOM = 1.5


def absent(snapshot: Snapshot, waiting: str) -> str:
    """What an empty chart says: that something is on its way, or what brings it."""
    if snapshot.facts:
        return tr("press {start} to train", start=key_of("start"))
    if snapshot.state == "failed":
        return tr("no data")
    return f"{in_words(snapshot.message)} …" if snapshot.message else waiting
