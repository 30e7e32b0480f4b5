"""The one table of actions: bindings, key bar, help, palette and README are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.support.translation import Translatable, tr
from engine.training.snapshot import State


@dataclass(frozen=True)
class Situation:
    """What decides which actions can be done: run at hand and run on show, screen, lesson."""

    state: State = "loading"
    """That of the run at hand."""
    begun: bool = False
    """Whether the run on show has taken a step."""
    can_fork: bool = False
    """Whether there is a run that another one can go on from."""
    has_facts: bool = False
    """Whether the data of the run at hand are drawn and theory has looked at them."""
    has_suggestion: bool = False
    """Whether the run on show diverged and a smaller lr is suggested."""
    looks_back: bool = False
    """Whether another run than that at hand is on show."""
    looks_at_moment: bool = False
    """Whether a run is on show as it was at an earlier moment."""
    is_playing: bool = False
    """Whether that moment goes on by itself."""
    view_turns: bool = False
    """Whether the view of the second chart shows one of several things."""
    chart_focused: bool = False
    full_screen: bool = False
    in_projector: bool = False
    """Whether there is one chart for a whole room."""
    has_room_for_projector: bool = False
    in_grid: bool = False
    """Whether four charts are on show."""
    has_room_for_grid: bool = False
    in_lesson: bool = False
    has_changes: bool = False
    """Whether a change of the experiment can be taken back."""
    has_undone: bool = False
    """Whether a change was taken back that can be made again."""
    has_question: bool = False
    """Whether a question of the lesson can be answered."""
    has_hint: bool = False
    """Whether a goal of the lesson has a hint that is not shown yet."""
    has_next_lesson: bool = False
    in_browser: bool = False
    """Whether the screen is in a page, which has no background."""
    hidden_tools: frozenset[str] = frozenset()
    """Ids of the actions that the lesson hides."""
    hidden_panels: frozenset[str] = frozenset()

    @property
    def running(self) -> bool:
        """Whether steps are being taken."""
        return self.state == "running"

    @property
    def under_way(self) -> bool:
        """Whether the run will take more steps, now or after a pause."""
        return self.state in ("running", "paused")


Condition = Callable[[Situation], bool]


def always(now: Situation) -> bool:
    """An action that can be done at any time."""
    return True


def at_rest(now: Situation) -> bool:
    """An action that would disturb the steps."""
    return not now.running


def between_runs(now: Situation) -> bool:
    """An action that would change the experiment below the feet of its run."""
    return not now.under_way


def with_data_at_rest(now: Situation) -> bool:
    """An action on the data that are on show, between two runs."""
    return now.has_facts and not now.under_way


@dataclass(frozen=True)
class Action:
    """Something a key does; the commands of the main screen have a method `<id>` for each."""

    id: str
    key: str
    """As Textual names it; several are separated by commas."""
    shown: str
    """As it is written for people."""
    label: Translatable
    """Short, for the key bar."""
    help: Translatable
    group: Translatable
    when: Condition = always
    """In which situations it can be done, unless a lesson hides it."""
    why: Translatable = ""
    """What is said where it cannot be done; `{id}` stands for the key of an action."""
    bar: bool = True
    """Whether the key bar may show it."""
    panel: str = ""
    """The panel without which it means nothing."""
    tool: bool = False
    """Whether a lesson may hide it, and ask for it to be used."""

    def is_hidden(self, now: Situation) -> bool:
        """Whether the lesson hides the action, or the panel that it is about."""
        return self.id in now.hidden_tools or self.panel in now.hidden_panels

    def can(self, now: Situation) -> bool:
        """Whether the action can be done."""
        return not self.is_hidden(now) and self.when(now)


ON_ITS_WAY: Translatable = "not while the run is on its way: {pause} pauses it, {stop} ends it"
UNDER_WAY: Translatable = "not before the run is over: {stop} ends it"
NOT_AT_REST: Translatable = (
    "not before the data are drawn, nor while a run is on its way: {stop} ends it"
)
NOTHING_RUNS: Translatable = "nothing is running: {start} starts"
NOTHING_BEGUN: Translatable = "there is no run to look back on yet: {start} starts one"
NO_DATA: Translatable = "the data are not drawn yet"

TRAIN: Translatable = "Training"
THEORY: Translatable = "Theory"
CHART: Translatable = "Charts"
GO: Translatable = "Getting about"
APP: Translatable = "The app"
LESSON: Translatable = "Lessons"

ACTIONS: tuple[Action, ...] = (
    Action(
        "start",
        "s",
        "s",
        "start",
        "Train this experiment from its start.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
    ),
    Action(
        "retry",
        "a",
        "a",
        "smaller lr",
        "Take the suggested lr and train again.",
        TRAIN,
        when=lambda now: now.has_suggestion and not now.under_way,
        why="a smaller lr is suggested only after a run that diverged",
    ),
    Action(
        "pause",
        "space",
        "space",
        "pause",
        "Pause training, or stop where a run is played.",
        TRAIN,
        when=lambda now: now.running or now.is_playing,
        why=NOTHING_RUNS,
    ),
    Action(
        "play",
        "space",
        "space",
        "play",
        "Play the run from the moment that is looked at.",
        TRAIN,
        when=lambda now: now.looks_at_moment and not (now.running or now.is_playing),
        why=NOTHING_RUNS,
    ),
    Action(
        "resume",
        "space",
        "space",
        "resume",
        "Go on training.",
        TRAIN,
        when=lambda now: now.state == "paused" and not now.looks_at_moment,
        why=NOTHING_RUNS,
    ),
    Action(
        "lr",
        "l",
        "l",
        "lr",
        "Change the learning rate, also while it runs.",
        TRAIN,
        panel="training",
    ),
    Action(
        "statement",
        "comma",
        ",",
        "statement",
        "Execute one statement of a minibatch, in the code beside the charts.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
        bar=False,
        panel="code",
        tool=True,
    ),
    Action(
        "minibatch",
        "full_stop",
        ".",
        "minibatch",
        "Take one step and pause.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
    ),
    Action(
        "epoch",
        "greater_than_sign",
        ">",
        "epoch",
        "Go on to the end of the epoch.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
    ),
    Action(
        "stop",
        "x",
        "x",
        "stop",
        "End this run here; its curve is kept.",
        TRAIN,
        when=lambda now: now.under_way,
        why="there is no run to end: {start} starts one",
    ),
    Action(
        "fork",
        "F",
        "F",
        "fork",
        "Go on with the settings of the forms, as a run of its own, from the moment on show or "
        "from now; of a run that diverged, from before it did.",
        TRAIN,
        when=lambda now: now.can_fork,
        why=NOTHING_BEGUN,
        bar=False,
    ),
    Action("reset", "r", "r", "reset", "Back to the start with the same seed.", TRAIN),
    Action(
        "steer",
        "m",
        "m",
        "by hand",
        "Be the optimizer: move w and b by the arrows, and let training go on from there.",
        TRAIN,
        when=with_data_at_rest,
        why=NOT_AT_REST,
        bar=False,
        panel="fit",
    ),
    Action(
        "points",
        "A",
        "A",
        "points",
        "Points by hand: add, move and remove them on the chart, and see which lines follow.",
        TRAIN,
        when=with_data_at_rest,
        why=NOT_AT_REST,
        bar=False,
        panel="fit",
    ),
    Action(
        "full_batch",
        "B",
        "B",
        "full batch",
        "Gradient descent: every step over all the samples.",
        TRAIN,
        when=between_runs,
        why=UNDER_WAY,
        bar=False,
    ),
    Action(
        "minibatches",
        "M",
        "M",
        "minibatches",
        "Minibatch SGD: every step over ten samples.",
        TRAIN,
        when=between_runs,
        why=UNDER_WAY,
        bar=False,
    ),
    Action(
        "one_sample",
        "O",
        "O",
        "one sample",
        "SGD proper: every step over one sample.",
        TRAIN,
        when=between_runs,
        why=UNDER_WAY,
        bar=False,
    ),
    Action(
        "seed",
        "n",
        "n",
        "new seed",
        "Other data, other start: the next seed.",
        TRAIN,
        when=between_runs,
        why=UNDER_WAY,
    ),
    Action(
        "regenerate",
        "g",
        "g",
        "regenerate",
        "Draw the data again from the same seed.",
        TRAIN,
        when=between_runs,
        why=UNDER_WAY,
        bar=False,
    ),
    Action(
        "data",
        "o",
        "o",
        "your data",
        "Your own data: open a file, see what was sensed, choose y and x.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
        bar=False,
        panel="data",
    ),
    Action(
        "kept_runs",
        "H",
        "H",
        "runs",
        "The runs that are kept: compare, name, filter, take settings back.",
        TRAIN,
        bar=False,
    ),
    Action(
        "code",
        "c",
        "c",
        "code",
        "The experiment as a short PyTorch script, to read, copy and save.",
        TRAIN,
        when=lambda now: now.has_facts,
        why=NO_DATA,
        bar=False,
    ),
    Action(
        "undo",
        "u",
        "u",
        "undo",
        "Take back the last change of the experiment, or the lesson that was opened.",
        TRAIN,
        when=lambda now: now.has_changes,
        why="nothing was changed that could be taken back",
        bar=False,
    ),
    Action(
        "redo",
        "U",
        "U",
        "redo",
        "Make the change again that was taken back.",
        TRAIN,
        when=lambda now: now.has_undone,
        why="nothing was taken back: {undo} does that",
        bar=False,
    ),
    Action(
        "faster", "right_square_bracket", "]", "faster", "More epochs a second.", TRAIN, bar=False
    ),
    Action(
        "slower", "left_square_bracket", "[", "slower", "Fewer epochs a second.", TRAIN, bar=False
    ),
    Action(
        "sweep",
        "w",
        "w",
        "sweep",
        "Thousands of runs over a grid, as a heat map.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
        tool=True,
    ),
    Action(
        "race",
        "R",
        "R",
        "race",
        "Several optimizers from one start, side by side.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
        tool=True,
    ),
    Action(
        "fan",
        "b",
        "b",
        "seed band",
        "This experiment over 32 seeds, as a band.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
        bar=False,
        tool=True,
    ),
    Action(
        "find_lr",
        "L",
        "L",
        "find lr",
        "Find a learning rate by a ramp.",
        TRAIN,
        when=at_rest,
        why=ON_ITS_WAY,
        bar=False,
        tool=True,
    ),
    Action(
        "lessons",
        "e",
        "e",
        "lessons",
        "All the lessons, and what you have reached.",
        LESSON,
        when=at_rest,
        why=ON_ITS_WAY,
    ),
    Action(
        "question",
        "k",
        "k",
        "question",
        "Answer the next question, before the run.",
        LESSON,
        when=lambda now: now.has_question,
        why="no question is open here: {lessons} has the lessons",
    ),
    Action(
        "hint",
        "h",
        "h",
        "hint",
        "A hint for the next goal.",
        LESSON,
        when=lambda now: now.has_hint,
        why="there is no further hint",
    ),
    Action(
        "next_lesson",
        "N",
        "N",
        "next lesson",
        "Open the lesson after this one.",
        LESSON,
        when=lambda now: not now.running and now.has_next_lesson,
        why="there is no lesson after this one: {lessons} has them all",
    ),
    Action(
        "theory",
        "t",
        "t",
        "theory",
        "What can be known without training.",
        THEORY,
        when=lambda now: now.has_facts,
        why=NO_DATA,
        tool=True,
    ),
    Action(
        "xray",
        "d",
        "d",
        "x-ray",
        "Dissect a gradient: three ways, side by side.",
        THEORY,
        when=lambda now: now.has_facts,
        why=NO_DATA,
        tool=True,
    ),
    Action(
        "summary",
        "S",
        "S",
        "summary",
        "The regression: errors, tests, intervals, predictions.",
        THEORY,
        when=lambda now: now.has_facts,
        why=NO_DATA,
        tool=True,
    ),
    Action(
        "live",
        "i",
        "i",
        "live",
        "Try what is set or typed at once: dotted, what a start would bring.",
        CHART,
        bar=False,
        tool=True,
    ),
    Action(
        "listing",
        "I",
        "I",
        "code beside",
        "The code in the place of the second chart, or the chart again.",
        CHART,
        bar=False,
        panel="code",
    ),
    Action("log", "y", "y", "log", "Logarithmic or linear loss axis.", CHART, panel="loss"),
    Action(
        "view",
        "v",
        "v",
        "view",
        "Fit, residuals, parameters, landscape, directions, losses, or diagnostics.",
        CHART,
        panel="fit",
    ),
    Action(
        "feature",
        "f",
        "f",
        "feature",
        "The next feature, at last ŷ against y; the next plane or derivative.",
        CHART,
        when=lambda now: now.view_turns,
        why="this view shows one thing only: {view} takes another",
        bar=False,
        panel="fit",
    ),
    Action(
        "zoom_in", "plus", "+", "zoom in", "Zoom in, around the value cursor.", CHART, bar=False
    ),
    Action("zoom_out", "minus", "-", "zoom out", "Zoom out.", CHART, bar=False),
    Action(
        "cursor_left",
        "left",
        "←",
        "step back",
        "Look a step back in time; on a chart that is not over time, move the value cursor left.",
        CHART,
        bar=False,
    ),
    Action(
        "cursor_right",
        "right",
        "→",
        "step on",
        "Look a step on in time; on a chart that is not over time, move the value cursor right.",
        CHART,
        bar=False,
    ),
    Action(
        "epoch_back",
        "shift+left",
        "shift+←",
        "epoch back",
        "Look an epoch back in time.",
        CHART,
        when=lambda now: now.begun,
        why=NOTHING_BEGUN,
        bar=False,
    ),
    Action(
        "epoch_on",
        "shift+right",
        "shift+→",
        "epoch on",
        "Look an epoch on in time.",
        CHART,
        when=lambda now: now.begun,
        why=NOTHING_BEGUN,
        bar=False,
    ),
    Action(
        "first_step",
        "home",
        "home",
        "start of the run",
        "Look at the start of the run.",
        CHART,
        when=lambda now: now.begun,
        why=NOTHING_BEGUN,
        bar=False,
    ),
    Action(
        "last_step",
        "end",
        "end",
        "last step",
        "Look at the last step of the run.",
        CHART,
        when=lambda now: now.begun,
        why=NOTHING_BEGUN,
        bar=False,
    ),
    Action(
        "reset_view",
        "0",
        "0",
        "reset view",
        "No zoom, no cursor, and the run as it is now.",
        CHART,
        bar=False,
    ),
    Action(
        "fullscreen",
        "enter",
        "enter",
        "full screen",
        "One chart fills the screen.",
        CHART,
        when=lambda now: now.chart_focused,
        why="one chart fills the screen from a chart: {next_panel} goes on to it",
    ),
    Action(
        "grid",
        "G",
        "G",
        "four charts",
        "Four charts at once, on a terminal of 160×45 or more, or two again.",
        CHART,
        when=lambda now: now.in_grid or now.has_room_for_grid,
        why="four charts need a terminal of 160×45 or more",
        bar=False,
        panel="fit",
    ),
    Action(
        "projector",
        "P",
        "P",
        "projector",
        "For a projector: one chart, three large numbers, full contrast, keys said.",
        CHART,
        when=lambda now: now.in_projector or now.has_room_for_projector,
        why="a projector needs a terminal of 80×24 or more",
        bar=False,
    ),
    Action(
        "pin",
        "p",
        "p",
        "pin",
        "Keep this run as the reference on the loss chart.",
        CHART,
        when=lambda now: now.begun,
        why="there is no run to keep yet: {start} starts one",
    ),
    Action("next_panel", "tab", "tab", "panel", "Go to the next panel.", GO),
    Action(
        "previous_panel", "shift+tab", "shift+tab", "back", "Go to the panel before.", GO, bar=False
    ),
    Action("jump", "j,ctrl+o", "j ctrl+o", "jump", "Go to a panel or a field by its letter.", GO),
    Action(
        "leave",
        "escape",
        "esc",
        "leave",
        "Out of a field, back to now, out of full screen, another run, projector, grid, or lesson.",
        GO,
        when=lambda now: (
            now.looks_at_moment
            or now.full_screen
            or now.looks_back
            or now.in_projector
            or now.in_grid
            or now.in_lesson
        ),
        why="there is nothing to leave: {quit} leaves the app",
    ),
    Action(
        "experiments",
        "E",
        "E",
        "experiments",
        "Save this experiment under a name, or open one that was saved.",
        APP,
        bar=False,
    ),
    Action(
        "share",
        "Y",
        "Y",
        "share",
        "Copy the command that opens this experiment.",
        APP,
        bar=False,
    ),
    Action(
        "copy_menu",
        "C",
        "C",
        "copy",
        "Copy values, losses, a panel, the screen, or a link.",
        APP,
        bar=False,
    ),
    Action(
        "help",
        "question_mark,f1",
        "?",
        "help",
        "What this is, what its symbols mean, and every key.",
        APP,
    ),
    Action(
        "palette",
        "ctrl+p",
        "^p",
        "palette",
        "Do anything by its name, or type a command: lr 0.1.",
        APP,
    ),
    Action(
        "suspend",
        "ctrl+z",
        "^z",
        "suspend",
        "Put the app in the background.",
        APP,
        when=lambda now: not now.in_browser,
        why="a browser has no background",
        bar=False,
    ),
    Action("quit", "q,ctrl+q", "q", "quit", "Leave; asks while training.", APP),
)
BY_ID = {action.id: action for action in ACTIONS}


NUMBERED = 9
"""Lessons that have a key of their own, 1 to 9."""


def can(id: str, now: Situation) -> bool:
    """Whether the action with an id can be done; what is not in the table always can.

    A digit opens its lesson wherever the list of lessons can be opened.
    """
    action = BY_ID.get("lessons" if id == "lesson" else id)
    return action is None or action.can(now)


def refusal(key: str, now: Situation) -> str:
    """Why a key does nothing now; empty where it does something, or is no key of an action."""
    if key.isdecimal() and 1 <= int(key) <= NUMBERED:
        key = IN_USE.get("lessons", BY_ID["lessons"].key).split(",")[0]
    actions = [each for each in ACTIONS if key in IN_USE.get(each.id, each.key).split(",")]
    if not actions or any(action.can(now) for action in actions):
        return ""
    first = actions[0]
    if first.is_hidden(now):
        return tr("not in this lesson: {tool}; {leave} leaves it", tool=tr(first.label), **in_use())
    if first.id == "next_lesson" and now.running:
        return tr(ON_ITS_WAY, **in_use())
    return tr(first.why, **in_use())


IN_USE: dict[str, str] = {}
"""Action id → key, where the settings have put another one."""


def remap(keys: dict[str, str]) -> None:
    """Have other keys than those of the table, in texts as well."""
    IN_USE.clear()
    IN_USE.update(keys)


def key_of(id: str) -> str:
    """The key of an action, as people read it."""
    return shown(BY_ID[id])


def in_use() -> dict[str, str]:
    """Action id → key as people read it, to be put into texts."""
    return {action.id: key_of(action.id) for action in ACTIONS}


def shown(action: Action) -> str:
    """The key as people read it, where a settings file may have put another one."""
    return IN_USE.get(action.id, action.shown)


def groups() -> Iterable[tuple[str, list[Action]]]:
    """The actions by group, in the order of the table."""
    for name in dict.fromkeys(action.group for action in ACTIONS):
        yield name, [action for action in ACTIONS if action.group == name]
