"""What distinguishes runs: the settings in which their experiments differ."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.choice import REGISTRIES
from engine.catalog.param import Param
from engine.experiment import Experiment
from engine.support.errors import shortened, show

BASELINE: Mapping[str, object] = Experiment().flat()
"""The settings that a run without another before it is told apart from."""

ABSENT = "–"
"""Stands for the value of a setting that an experiment does not have."""


def differences(
    now: Mapping[str, object], before: Mapping[str, object]
) -> dict[str, tuple[str, str]]:
    """The settings that differ, each before and now, as a person types them.

    Where an entry is another one, its parameters begin with their defaults.
    """
    changed = {}
    for key in dict.fromkeys((*before, *now)):
        head, dot, name = key.partition(".")
        was, is_now = (show(side[key]) if key in side else ABSENT for side in (before, now))
        if dot and now.get(head) != before.get(head):
            param = param_of(now, head, name)
            if param is None or is_now in (ABSENT, show(param.default)):
                continue
            was = ABSENT
        if was != is_now:
            changed[key] = (was, is_now)
    return changed


def param_of(settings: Mapping[str, object], head: str, name: str) -> Param | None:
    """The parameter of what is chosen under a key; None where nothing is known of it here."""
    entry = REGISTRIES[head].entries.get(str(settings.get(head))) if head in REGISTRIES else None
    return next((param for param in entry.params if param.name == name), None) if entry else None


def difference_words(now: Mapping[str, object], before: Mapping[str, object]) -> str:
    """What differs, in a line: `lr 0.03→0.003, data linear→ohm, R 47`.

    Without what people do not set, as the digest of a file.
    """
    words = []
    for key, (was, is_now) in differences(now, before).items():
        head, _, name = key.partition(".")
        param = param_of(now, head, name)
        if param is None or param.is_shown:
            words.append(f"{name or key} {is_now if was == ABSENT else f'{was}→{is_now}'}")
    return ", ".join(words)


def difference_between(now: Experiment, before: Experiment) -> str:
    """What an experiment has that another one has not, so short that words find room beside it."""
    return shortened(difference_words(now.flat(), before.flat()))
