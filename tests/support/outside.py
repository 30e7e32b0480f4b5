"""Texts that a terminal would obey, and where one may write them."""

from __future__ import annotations

from unicodedata import category

import tomli_w
from hypothesis import strategies as st

OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of Unicode whose characters do something: control, format, halves, separators."""
HARMLESS_FORMATS = "\u200c\u200d"
NASTY = st.text(
    st.sampled_from("\x1b\x07\x9b\x00\x7f\u202e\u2066\u200e\ufeff\u2028\r\n\t")
    | st.sampled_from("]0;pwn[2J ")
    | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=20,
)


def obeyed(text: str) -> set[str]:
    """The characters of a text that a terminal obeys."""
    return {c for c in text if category(c) in OBEYED and c not in HARMLESS_FORMATS}


def a_lesson(said: str, condition: str = "final loss < 1e9") -> str:
    """A lesson with a text in every place where it has one."""
    head = {
        "title": said,
        "chapter": said,
        "source": said,
        "experiment": {"epochs": 1, "data": {"n": 10}},
        "question": [{"ask": said, "choice": [{"text": said, "if": condition}], "answer": 1}],
        "goal": [{"text": said, "if": condition, "hint": said}],
        "solution": [{}],
    }
    return f"+++\n{tomli_w.dumps(head)}+++\nbefore\n{said}\n"
