"""What may be drawn: nothing that a terminal obeys, and in plain ASCII what stands for the rest."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from engine.support.outside import is_seen


class AsciiFilter(LineFilter):
    """Replaces each character beyond ASCII by one that takes as many cells."""

    TABLE = str.maketrans(
        dict.fromkeys("─╌┄▔▱–−", "-")
        | dict.fromkeys("━═▰▀", "=")
        | dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True))
        | dict.fromkeys("│┃║▏▕▎▌▐", "|")
        | dict.fromkeys("╭╮╰╯┏┓┗┛┌┐└┘├┤┬┴┼", "+")
        | {"●": "*", "·": "*", "▾": "v", "…": ".", "←": "<", "→": ">", "▸": ">", "↑": "^", "↓": "v"}
        | {"✓": "+", "✗": "x", "○": "o", "•": "*", "\xa0": " "}
        | {"λ": "L", "½": "h", "²": "2", "σ": "s", "θ": "t", "δ": "d", "β": "B", "ℓ": "l", "ŷ": "y"}
        | {
            "κ": "k",
            "μ": "u",
            "Σ": "S",
            "′": "'",
            "″": '"',
            "ᵀ": "T",
            "‖": "|",
            "∇": "d",
            "₁": "1",
            "ᵣ": "r",
        }
        | {"×": "x", "§": "S", "√": "V", "≤": "<", "’": "'", "π": "p", "∞": "~", "₂": "2"}
        | {"α": "a", "γ": "g", "ε": "e", "ŝ": "s", "⌊": "[", "⌋": "]"}
    )

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII; a dot parts words, and in a formula it multiplies."""
        return [
            Segment(in_ascii(text.replace(" · ", " | ").translate(self.TABLE)), style, control)
            for text, style, control in segments
        ]


class SeenFilter(LineFilter):
    """Leaves out what a terminal would obey rather than draw, as a paste may bring it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, as many cells wide."""
        return [Segment(seen(text), style, control) for text, style, control in segments]


def seen(text: str) -> str:
    """Text without what fills no cell and is not to be seen; question marks for what fills one."""
    if text.isprintable():
        return text
    return "".join(c if is_seen(c) else "?" * cell_len(c) for c in text)


def in_ascii(text: str) -> str:
    """Text with question marks, one a cell, for what has no ASCII form."""
    if text.isascii():
        return text
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in text)


_ASCII = str.maketrans(
    {"│": "|", "┤": "+", "┬": "+", "└": "+", "─": "-", "╌": "-", "•": "*"}
    | {
        "½": "1/2",
        "²": "^2",
        "σ": "sigma",
        "θ": "theta",
        "λ": "lambda",
        "κ": "kappa",
        "η": "lr",
        "∇": "grad",
    }
    | {"×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "…": "...", "→": "->", "↑": "^", "‖": "|"}
    | {"ŷ": "y^", "ᵏ": "^k", "ℓ": "l", "′": "'", "″": "''"}
)
SHADES = ".,:-=+*%"
"""The same steps in ASCII."""


def clean(text: str, ascii: bool) -> str:
    """Return text of which every character fills one or two cells, whatever was in it."""
    text = unicodedata.normalize("NFC", text)
    if ascii:
        text = text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    # Emoji are left out: how wide a terminal draws them depends on their neighbours.
    shown = (c if c.isprintable() and c < "\U0001f000" else " " for c in text)
    return "".join(c for c in shown if cell_len(c))
