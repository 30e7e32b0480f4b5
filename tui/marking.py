"""Classes of single widgets."""

from __future__ import annotations

from textual.widget import Widget


def mark(widget: Widget, name: str, on: bool) -> None:
    """Give a widget a class, or take it away, where the stylesheet asks for it on this widget only.

    Unlike `set_class`, which styles all that is in the widget anew.
    """
    if on != widget.has_class(name):
        widget.set_class(on, name, update=False)
        widget.app.stylesheet.apply(widget)
