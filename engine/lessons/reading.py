"""A lesson as a teacher writes it: one Markdown file with a head in TOML between two lines of +++.

The head has `title`, `chapter`, `source`, `view`, `hide_panels`, `hide_tools`, an `[experiment]`,
and any number of `[[question]]`, `[[goal]]` and `[[solution]]`; template.md shows each of them.
Beside FILE.md, FILE.zh.md may hold its words in another language: those keys of WORDS, and a body.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.lessons.head import BadLesson, Head
from engine.lessons.lesson import Lesson
from engine.support.outside import read_text
from engine.support.translation import tr

WORDS = ("title", "chapter", "source", "ask", "text", "hint")
"""What a translation may hold; everything else comes from the lesson itself."""
DIGITS = 16
"""Of the digest of a lesson's text."""


def read_lesson(file: Path, name: str, language: str = "en") -> Lesson:
    """The lesson in a file, its words from FILE.<language>.md where that is there.

    Raises BadLesson.
    """
    text = _text(file)
    translated = file.with_name(f"{file.stem}.{language}.md")
    if language == "en" or not translated.exists():
        return parse_lesson(text, name, file.name, folder=file.parent)
    words = _text(translated), translated.name
    return parse_lesson(text, name, file.name, words, file.parent)


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except OSError as error:
        wrong = tr("cannot be read: {reason}", reason=error.strerror)
        raise BadLesson(file.name, 1, wrong) from None


def parse_lesson(
    text: str,
    name: str,
    file: str,
    translation: tuple[str, str] | None = None,
    folder: Path | None = None,
) -> Lesson:
    """The lesson that a text states; `translation` is the text of another language and its file.

    Files of data in the folder are named without it. Raises BadLesson.
    """
    head, body = Head.of(text, file)
    head.folder = folder
    if translation:
        words, translated = Head.of(*translation)
        words.only(WORDS)
        head.values = translate(head.values, words.values)
        body = (translated.strip() and translated) or body
    content = text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(content).hexdigest()[:DIGITS]
    return replace(head.lesson(name, body), digest=digest)


def translate(values: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Values with the words of a translation in their place, lists of tables in their order."""
    merged = dict(values)
    for key, translated in words.items():
        own = merged.get(key)
        if isinstance(own, list) and isinstance(translated, list):
            pairs = zip(own, translated, strict=False)
            merged[key] = [translate(*pair) for pair in pairs] + own[len(translated) :]
        elif isinstance(own, str) and isinstance(translated, str):
            merged[key] = translated
    return merged
