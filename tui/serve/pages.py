"""The page around the lab, the words where there is none, and what both are sent with."""

from __future__ import annotations

import html
from importlib.util import find_spec
from pathlib import Path
from string import Template

from engine.support.translation import get_language, tr
from tui.themes import THEMES

OWN = Path(__file__).parent
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer: no third party is asked for anything. The terminal writes styles of its own."""


def assets() -> dict[str, Path]:
    """What the page is made of, by the names that it asks for."""
    spec = find_spec("textual_serve")
    assert spec
    assert spec.submodule_search_locations
    theirs = Path(spec.submodule_search_locations[0]) / "static"
    return {
        "page.css": OWN / "page.css",
        "page.js": OWN / "page.js",
        "terminal.css": theirs / "css" / "xterm.css",
        "terminal.js": theirs / "js" / "textual.js",
        "mono.ttf": theirs / "fonts" / "RobotoMono-VariableFont_wght.ttf",
        "mono-italic.ttf": theirs / "fonts" / "RobotoMono-Italic-VariableFont_wght.ttf",
    }


def page(*, is_show: bool = False) -> str:
    """The page with the terminal, in the language of the server; nobody brings files to a show."""
    return filled(
        "page.html",
        kind="-show" if is_show else "",
        starting=tr("the lab is starting …"),
        upload=tr("upload a file of data"),
        drop=tr("or drop it here"),
        ended=tr("The lab has ended."),
        lost=tr("The connection to the lab is lost."),
        again=tr("begin again"),
    )


def words(text: str) -> str:
    """A page of a few words."""
    return filled("words.html", text=text)


def filled(name: str, **texts: str) -> str:
    """A page with texts put in, in the colours of the first theme."""
    theme = THEMES[0]
    colors = {"background": theme.background or "", "foreground": theme.foreground or ""}
    template = Template((OWN / name).read_text("utf-8"))
    return template.substitute(
        {key: html.escape(text) for key, text in texts.items()}, lang=get_language(), **colors
    )
