"""The titles of panels, and of the views of the second chart."""

from __future__ import annotations

from engine.support.translation import Translatable

TITLES: dict[str, Translatable] = {
    "data": "Data",
    "model": "Model",
    "training": "Training",
    "loss": "Loss",
    "fit": "Fit",
    "values": "Values",
    "lesson": "Lesson",
    "residuals": "Residuals",
    "parameters": "Parameters",
    "landscape": "Landscape",
    "directions": "Directions",
    "losses": "Losses",
}
"""The id of a panel or a view → its title."""
