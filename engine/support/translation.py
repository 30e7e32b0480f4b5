"""The texts of the interface in the language chosen, by gettext: the English text is the key.

A language is one catalog, `languages/CODE.po`; a text that is missing there stays English. In
English no catalog is opened and the reader of catalogs is not imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Annotated

TRANSLATED = "translated where it is shown"
Translatable = Annotated[str, TRANSLATED]
"""The type of an argument, a field or a constant whose literals are texts of the catalogs."""

CATALOGS = Path(__file__).with_name("languages")
LANGUAGES = ("en", *sorted(catalog.stem for catalog in CATALOGS.glob("*.po")))
"""The codes of the languages that can be chosen."""

_language = "en"
_translations = NullTranslations()


def set_language(language: str) -> None:
    """Show texts in one of LANGUAGES from now on; raises FileNotFoundError for any other."""
    global _language, _translations
    if language == _language:
        return
    _translations = NullTranslations() if language == "en" else read_catalog(language)
    _language = language


def get_language() -> str:
    """The code of the language chosen."""
    return _language


def read_catalog(language: str) -> GNUTranslations:
    """The translations of a catalog, compiled in memory, as gettext reads nothing else."""
    from polib import pofile

    file = CATALOGS / f"{language}.po"
    if not file.is_file():
        raise FileNotFoundError(file)
    return GNUTranslations(BytesIO(pofile(str(file), encoding="utf-8").to_binary()))


def locale_language(environment: Mapping[str, str] = os.environ) -> str:
    """The language of the locale, by the variables of POSIX; English where it has no catalog."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next(filter(None, (environment.get(name) for name in names)), "")
    code = locale.partition("_")[0].partition(".")[0]
    return code if code in LANGUAGES else "en"


class Message:
    """What the engine has to say, in no language yet: a text of the catalogs and its values.

    Two are equal that say the same; `str` is the English sentence, for JSON and logs.
    """

    def __init__(self, text: Translatable, /, **values: object) -> None:
        self.text, self.values = text, values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Message({str(self)!r})"

    def __str__(self) -> str:
        return self.text.format(**self.values) if self.values else self.text


def joined(messages: Sequence[Message]) -> Message | None:
    """Several messages as one; None for none."""
    if len(messages) < 2:
        return messages[0] if messages else None
    return Message("{first}; {rest}", first=messages[0], rest=joined(messages[1:]))


def in_words(message: Message | str) -> str:
    """A message in the language chosen; a str is in words already, as those of other libraries."""
    return message if isinstance(message, str) else tr(message.text, **message.values)


def tr(text: str, /, **values: object) -> str:
    """A text in the language chosen, values put in: tr("limit {lr:.3g}", lr=limit.lr).

    A value that is a message is put into words too.
    """
    translated = _translations.gettext(text) if text else ""  # gettext's "" is the catalog's head
    return _filled(translated, values)


def trp(context: str, text: str, /, **values: object) -> str:
    """A text whose English word has several meanings; the context tells them apart."""
    return _filled(_translations.pgettext(context, text), values)


def trn(singular: str, plural: str, /, n: int, **values: object) -> str:
    """A text with a number of things: trn("{n} sample", "{n} samples", n=count)."""
    return _filled(_translations.ngettext(singular, plural, n), {"n": n, **values})


def _filled(text: str, values: Mapping[str, object]) -> str:
    if not values:
        return text
    return text.format(**{
        name: in_words(value) if isinstance(value, Message) else value
        for name, value in values.items()
    })  # fmt: skip
