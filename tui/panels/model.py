"""The Model panel: model, loss and first weights, with their parameters."""

from __future__ import annotations

from tui.forms.form import Form


class ModelPanel(Form):
    """What is fitted, what it costs to be wrong, and where it starts."""

    heads = ("model", "loss", "penalty", "init")
