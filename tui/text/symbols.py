"""What the symbols on a screen stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.support.translation import Translatable, tr
from tui.ascii import AsciiFilter

SYMBOLS: dict[str, Translatable] = {
    "½σ²": "noise floor of half the squared error: noise alone",
    "σ²": "noise floor of the squared error: noise alone",
    "σ": "standard deviation of the noise in y",
    "θ*": "w and b of the closed form; as a level, their loss",
    "θ₀": "w and b before the first step",
    "θ": "all the parameters, w and b, in one row",
    "2/λmax": "the lr above which full-batch descent runs away",
    "λmax": "curvature along the steepest direction; bounds the lr",
    "λmin": "curvature along the flattest direction, the slowest",
    "λ": "curvature along one direction: an eigenvalue of H",
    "κ": "λmax/λmin; descent needs some κ steps",
    "η": "the learning rate, lr",
    "μ": "the share of the last move that momentum keeps",
    "|grad|": "length of the gradient; 0 where the loss is lowest",
    "∇": "the gradient: how the loss grows with each parameter",
    "ŷ": "y as the model has it",
    "ℓ": "the loss of one residual",
    "R²": "share of the spread of y that the model explains",
}
"""Symbol → what it is; a longer symbol stands before those that are in it."""


def symbols_in(text: str) -> Iterator[tuple[str, str]]:
    """The symbols of a text with what they are, in the order of SYMBOLS.

    In a text in ASCII too, where more than a letter is left of a symbol.
    """
    names = {symbol: symbol for symbol in SYMBOLS}
    for symbol in tuple(names):
        if len(name := symbol.translate(AsciiFilter.TABLE)) > 1:
            names.setdefault(name, symbol)
    there = (re.escape(name) for name in names if name in text)
    pattern = "|".join(rf"(?<![A-Za-z]){name}(?![A-Za-z0-9])" for name in there)
    seen = {names[name] for name in re.findall(pattern, text)} if pattern else set()
    return ((symbol, tr(words)) for symbol, words in SYMBOLS.items() if symbol in seen)
