"""The one table of actions: bindings, key bar, help, palette and README are made from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from engine.lessons.library import files
from engine.support.translation import Translatable


@dataclass(frozen=True)
class Action:
    """Something a key does; the main screen has a method `action_<id>` for each."""

    id: str
    key: str
    """As Textual names it; several are separated by commas."""
    shown: str
    """As it is written for people."""
    label: Translatable
    """Short, for the key bar."""
    help: Translatable
    group: Translatable
    bar: bool = True
    """Whether the key bar may show it."""


TRAIN: Translatable = "Training"
THEORY: Translatable = "Theory"
CHART: Translatable = "Charts"
GO: Translatable = "Getting about"
APP: Translatable = "The app"
LESSON: Translatable = "Lessons"

ACTIONS: tuple[Action, ...] = (
    Action("start", "s", "s", "start", "Train this experiment from its start.", TRAIN),
    Action("retry", "a", "a", "smaller lr", "Take the suggested lr and train again.", TRAIN),
    Action("pause", "space", "space", "pause", "Pause training.", TRAIN),
    Action("resume", "space", "space", "resume", "Go on training.", TRAIN),
    Action("minibatch", "full_stop", ".", "minibatch", "Take one step and pause.", TRAIN),
    Action("epoch", "greater_than_sign", ">", "epoch", "Go on to the end of the epoch.", TRAIN),
    Action("stop", "x", "x", "stop", "End this run here; its curve is kept.", TRAIN),
    Action("reset", "r", "r", "reset", "Back to the start with the same seed.", TRAIN),
    Action("lr", "l", "l", "lr", "Change the learning rate, also while it runs.", TRAIN),
    Action(
        "full_batch",
        "B",
        "B",
        "full batch",
        "Gradient descent: every step over all the samples.",
        TRAIN,
        bar=False,
    ),
    Action(
        "minibatches",
        "M",
        "M",
        "minibatches",
        "Minibatch SGD: every step over ten samples.",
        TRAIN,
        bar=False,
    ),
    Action(
        "one_sample",
        "O",
        "O",
        "one sample",
        "SGD proper: every step over one sample.",
        TRAIN,
        bar=False,
    ),
    Action("seed", "n", "n", "new seed", "Other data, other start: the next seed.", TRAIN),
    Action(
        "regenerate",
        "g",
        "g",
        "regenerate",
        "Draw the data again from the same seed.",
        TRAIN,
        bar=False,
    ),
    Action(
        "faster", "right_square_bracket", "]", "faster", "More epochs a second.", TRAIN, bar=False
    ),
    Action(
        "slower", "left_square_bracket", "[", "slower", "Fewer epochs a second.", TRAIN, bar=False
    ),
    Action("sweep", "w", "w", "sweep", "Thousands of runs over a grid, as a heat map.", TRAIN),
    Action("race", "R", "R", "race", "Several optimizers from one start, side by side.", TRAIN),
    Action(
        "fan", "b", "b", "seed band", "This experiment over 32 seeds, as a band.", TRAIN, bar=False
    ),
    Action("find_lr", "L", "L", "find lr", "Find a learning rate by a ramp.", TRAIN, bar=False),
    Action("lessons", "e", "e", "lessons", "All the lessons, and what you have reached.", LESSON),
    Action("question", "k", "k", "question", "Answer the next question, before the run.", LESSON),
    Action("hint", "h", "h", "hint", "A hint for the next goal.", LESSON),
    Action("next_lesson", "N", "N", "next lesson", "Open the lesson after this one.", LESSON),
    Action("theory", "t", "t", "theory", "What can be known without training.", THEORY),
    Action("xray", "d", "d", "x-ray", "Dissect a gradient: three ways, side by side.", THEORY),
    Action("log", "y", "y", "log", "Logarithmic or linear loss axis.", CHART),
    Action(
        "view",
        "v",
        "v",
        "view",
        "Fit, residuals, parameters, landscape, directions, or losses.",
        CHART,
    ),
    Action(
        "feature",
        "f",
        "f",
        "feature",
        "The next feature of the fit, plane, or derivative of the losses.",
        CHART,
        bar=False,
    ),
    Action(
        "zoom_in", "plus", "+", "zoom in", "Zoom in, around the value cursor.", CHART, bar=False
    ),
    Action("zoom_out", "minus", "-", "zoom out", "Zoom out.", CHART, bar=False),
    Action("cursor_left", "left", "←", "cursor", "Move the value cursor left.", CHART, bar=False),
    Action(
        "cursor_right", "right", "→", "cursor", "Move the value cursor right.", CHART, bar=False
    ),
    Action("reset_view", "0", "0", "reset view", "No zoom, no cursor.", CHART, bar=False),
    Action("fullscreen", "enter", "enter", "full screen", "One chart fills the screen.", CHART),
    Action("pin", "p", "p", "pin", "Keep this run as the reference on the loss chart.", CHART),
    Action("next_panel", "tab", "tab", "panel", "Go to the next panel.", GO),
    Action(
        "previous_panel", "shift+tab", "shift+tab", "back", "Go to the panel before.", GO, bar=False
    ),
    Action("jump", "j,ctrl+o", "j ctrl+o", "jump", "Go to a panel by its letter.", GO),
    Action(
        "leave", "escape", "esc", "leave", "Out of a field, of full screen, or of a lesson.", GO
    ),
    Action("help", "question_mark", "?", "help", "What this is, and every key.", APP),
    Action("palette", "ctrl+p", "^p", "palette", "Find any action, setting or theme by name.", APP),
    Action("suspend", "ctrl+z", "^z", "suspend", "Put the app in the background.", APP, bar=False),
    Action("quit", "q,ctrl+q", "q", "quit", "Leave; asks while training.", APP),
)


NUMBERED = 9
"""Lessons that have a key of their own, 1 to 9."""


def bindings() -> list[BindingType]:
    """Every action as a Textual binding, its id being what a settings file remaps; then lessons."""
    actions = [
        Binding(
            action.key,
            action.id,
            action.label,
            id=action.id,
            tooltip=action.help,
            # Without priority, Textual's own tab would go from field to field.
            priority=action.group == GO and "tab" in action.key,
        )
        for action in ACTIONS
    ]
    by_number = [
        Binding(str(number), f"lesson('{name}')", f"lesson {name}", id=f"lesson_{number}")
        for number, name in enumerate(list(files())[:NUMBERED], 1)
    ]
    return [*actions, *by_number]


def shown(action: Action, remapped: dict[str, str]) -> str:
    """The key as people read it, where a settings file may have put another one."""
    return remapped.get(action.id, action.shown)


def groups() -> Iterable[tuple[str, list[Action]]]:
    """The actions by group, in the order of the table."""
    for name in dict.fromkeys(action.group for action in ACTIONS):
        yield name, [action for action in ACTIONS if action.group == name]
