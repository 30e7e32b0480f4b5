"""Which runs a person means: words, and conditions such as `lr<0.1 loss=huber state=diverged`."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne

from engine.catalog.choice import REGISTRIES
from engine.experiment import KEYS, nearest_key
from engine.runs.differences import BASELINE, difference_words
from engine.runs.info import RunInfo
from engine.support.errors import BadInput, show
from engine.support.outside import printable
from engine.support.translation import tr

Match = Callable[[RunInfo], bool]

COMPARE = {"<=": le, ">=": ge, "!=": ne, "=": eq, "<": lt, ">": gt}
_CONDITION = re.compile(r"([\w.]+)(<=|>=|!=|=|<|>)(.*)")
OWN = ("state", "name", "id", "epoch", "step")
"""What a run has besides its settings; `loss` is its last loss where a number is compared."""


def match_of(text: str) -> Match:
    """Whether a run fits a filter; raises BadInput for what cannot be compared.

    Every part, separated by blanks, must hold. A word stands in the name, the id, the state or what
    distinguishes the run from the baseline.
    """
    matches = [condition(part) for part in text.split()]
    return lambda info: all(match(info) for match in matches)


def condition(part: str) -> Match:
    """One part of a filter; raises BadInput."""
    parts = _CONDITION.fullmatch(part)
    if parts is None:
        word = part.casefold()
        return lambda info: word in described(info)
    key, operator, text = parts.groups()
    head, dot, _ = key.partition(".")
    if key not in (*KEYS, *OWN) and not (dot and head in REGISTRIES):
        raise BadInput(key, part, nearest_key(key, (*OWN, *KEYS)))
    compare, number = COMPARE[operator], number_of(text)
    if number is None and operator not in ("=", "!="):
        raise BadInput(key, part, tr("only a number can be larger or smaller"))

    def matches(info: RunInfo) -> bool:
        value = value_of(info, key, is_number=number is not None)
        if value is None:
            return False
        if number is not None and isinstance(value, int | float) and not isinstance(value, bool):
            return bool(compare(value, number))
        return operator in ("=", "!=") and bool(compare(show(value), text))

    return matches


def value_of(info: RunInfo, key: str, is_number: bool) -> object:
    """What a run has under a key; None where it has nothing there."""
    if key == "loss" and is_number:
        return info.loss
    if key in ("epoch", "step"):
        return info.result.get(key)
    if key in OWN:
        value: object = getattr(info, key)
        return value
    return info.settings().get(key)


def number_of(text: str) -> float | None:
    """The number that a text is, if it is one."""
    try:
        return float(text)
    except ValueError:
        return None


def described(info: RunInfo) -> str:
    """All that a word of a filter is looked for in, in small letters."""
    settings = difference_words(info.settings(), BASELINE)
    return printable(" ".join((info.name, info.id, info.state, settings))).casefold()
