"""What distinguishes runs: the settings in which their experiments differ."""

from __future__ import annotations

from collections.abc import Mapping

from engine.experiment import Experiment
from engine.support.errors import show

BASELINE: Mapping[str, object] = Experiment().flat()
"""The settings that a run without another before it is told apart from."""

ABSENT = "–"
"""Stands for the value of a setting that an experiment does not have."""


def differences(
    now: Mapping[str, object], before: Mapping[str, object]
) -> dict[str, tuple[str, str]]:
    """The settings that differ, each before and now, as a person types them.

    A parameter of an entry is left out where the entry itself is another.
    """
    changed = {}
    for key in dict.fromkeys((*before, *now)):
        head, dot, _ = key.partition(".")
        if dot and now.get(head) != before.get(head):
            continue
        texts = tuple(show(side[key]) if key in side else ABSENT for side in (before, now))
        if texts[0] != texts[1]:
            changed[key] = (texts[0], texts[1])
    return changed


def difference_words(now: Mapping[str, object], before: Mapping[str, object]) -> str:
    """What differs, in a line: `lr 0.03→0.003, loss half_squared→huber`."""
    return ", ".join(
        f"{key.partition('.')[2] or key} {was}→{is_now}"
        for key, (was, is_now) in differences(now, before).items()
    )
