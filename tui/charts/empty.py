"""Words in place of a chart that has nothing to show."""

from __future__ import annotations

from engine.support.translation import in_words, tr
from engine.training.snapshot import Snapshot

ZOOM = 1.5


def absent(snapshot: Snapshot, waiting: str) -> str:
    """What an empty chart says: that something is on its way, or what brings it."""
    if snapshot.facts:
        return tr("press s to train")
    if snapshot.state == "failed":
        return tr("no data")
    return f"{in_words(snapshot.message)} …" if snapshot.message else waiting
