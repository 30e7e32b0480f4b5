"""The titles of panels."""

from __future__ import annotations

from engine.support.translation import Translatable

TITLES: dict[str, Translatable] = {
    "data": "Data",
    "model": "Model",
    "training": "Training",
    "loss": "Loss",
    "fit": "Fit",
    "code": "Code",
    "third": "Third chart",
    "fourth": "Fourth chart",
    "values": "Values",
    "runs": "Runs",
    "lesson": "Lesson",
}
"""The id of a panel → its title."""
