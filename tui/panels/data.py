"""The Data panel: which data set, and its parameters."""

from __future__ import annotations

from tui.forms.form import Form


class DataPanel(Form):
    """Generator of the data."""

    heads = ("data",)
