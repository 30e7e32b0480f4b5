"""The interface's words in the language that is in use: the English text is the key.

A language is one file of `languages/`, "English" = "translated" line by line; what is missing there
stays English, and no file is read while English is in use.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "中文"}
"""Code → what speakers call the language."""
FOLDER = Path(__file__).with_name("languages")

_language = "en"
_catalog: Mapping[str, str] = {}


def use(language: str) -> None:
    """Speak a language of LANGUAGES from now on."""
    global _language, _catalog
    _catalog = {} if language == "en" else catalog(language)
    _language = language


def in_use() -> str:
    """The code of the language in use."""
    return _language


def catalog(language: str) -> dict[str, str]:
    """English text → text in a language."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def of_locale(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the locale asks for, as POSIX says which variable decides."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    wanted = next(filter(None, (environment.get(name) for name in names)), "")
    code = wanted.partition("_")[0].partition(".")[0]
    return code if code in LANGUAGES else "en"


def tr(text: str, /, **values: object) -> str:
    """A text in the language in use, values put in: tr("limit {lr:.3g}", lr=limit.lr)."""
    said = _catalog.get(text, text)
    return said.format(**values) if values else said
