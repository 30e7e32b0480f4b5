"""What a screen has that a lesson may name: the engine draws nothing and is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Offer:
    """Names of a screen's parts; where there are none, nothing is known and any name is allowed."""

    panels: tuple[str, ...] = ()
    """Panels that a lesson may hide."""
    tools: tuple[str, ...] = ()
    """Tools that a lesson may hide, and ask to be used."""
    views: tuple[str, ...] = ()
    """Views of the second chart, one of which a lesson opens with: the first, if it names none."""


_offer = Offer()


def set_offer(offer: Offer) -> None:
    """Hold lessons that are read from now on to what a screen has."""
    global _offer
    _offer = offer


def get_offer() -> Offer:
    """What lessons are held to."""
    return _offer
