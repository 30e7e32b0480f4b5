"""Values as JSON has them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.support.translation import Message


def finite(value: object) -> object:
    """The same nested value for JSON: null for a number that is not finite, messages in English."""
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [finite(inner) for inner in value]
    if isinstance(value, Message):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
