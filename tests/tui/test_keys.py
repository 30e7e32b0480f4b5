"""Every key does what the table in tui/keys/, the help and the README say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.catalog.choice import REGISTRIES
from engine.experiment import Experiment
from engine.jobs.band import fan
from engine.lessons.library import lessons
from engine.training.moments import fork_of
from engine.training.snapshot import Snapshot
from tests.support.paths import ROOT
from tests.support.pilots import (
    about,
    app_for,
    app_of,
    become,
    main_of,
    resize,
    says,
    session_of,
    settled,
    show,
    text_of,
    until,
)
from tests.support.quiz import quiz
from tests.support.sessions import FakeSession
from tests.support.shared_lab import SharedLab
from tests.support.snapshots import (
    FAST,
    STATES,
    diverged,
    failed,
    finished,
    paused,
    previous,
    ready,
    running,
)
from tui.app import LinregApp
from tui.bindings import bindings, is_key
from tui.charts.views import VIEWS
from tui.forms.fields import ChoiceScreen, Picker, TextField
from tui.keys.action import always
from tui.keys.in_use import key_of, shown
from tui.keys.table import ACTIONS, NUMBERED, groups
from tui.panels.bars import KeyBar, beginning
from tui.panels.training import PACES
from tui.screens.code import CodeScreen
from tui.screens.commands import SEEDS, Commands
from tui.screens.dialogs import ConfirmScreen, CopyScreen, HelpScreen
from tui.screens.experiments import ExperimentsScreen
from tui.screens.files import FilesScreen
from tui.screens.jump import JumpScreen
from tui.screens.lessons import LessonsScreen
from tui.screens.main import MainScreen
from tui.screens.navigator import JUMPS
from tui.screens.offers import offers_on
from tui.screens.race import RaceScreen
from tui.screens.runs import RunsScreen
from tui.screens.sweep import SweepScreen
from tui.settings import Settings

BASELINE = Experiment()


@dataclass
class Stage:
    """A running app and what a test asks it."""

    app: LinregApp
    session: FakeSession
    pilot: Pilot[None]
    suspended: bool = False

    @property
    def main(self) -> MainScreen:
        return main_of(self.pilot)

    @property
    def panel(self) -> str:
        """The id of the panel with the focus."""
        panel = self.main.navigator.panel_of(self.main.focused)
        return str(panel.id) if panel else ""

    def is_at(self, panel: str) -> bool:
        """Whether a panel has the focus."""
        return self.panel == panel

    @property
    def field(self) -> str:
        """The key of the field with the focus."""
        focused = self.main.focused
        return focused.key if isinstance(focused, TextField | Picker) else ""

    def asked(self, *call: object) -> bool:
        """Whether the session was asked for just this."""
        return self.session.asked == [call]


def has_loss(app: LinregApp, name: str) -> bool:
    return app.main.desk.experiment.loss.name == name


def field_focus(field: TextField | Picker) -> Callable[[], bool]:
    return lambda: field.has_focus


Check = Callable[[Stage], bool]


@dataclass(frozen=True)
class Case:
    """Where an action is able, the keys that lead there, and what shows that it was done."""

    check: Check
    snapshot: Callable[[], Snapshot] = ready
    before: tuple[str, ...] = ()
    lesson: bool = False
    """Whether a lesson is open."""
    size: tuple[int, int] = (80, 24)


def cursor(stage: Stage) -> float | None:
    return stage.main.lab.loss.cursor


def zoomed(stage: Stage) -> bool:
    return stage.main.lab.loss.x_range is not None


def hints_shown(stage: Stage) -> int:
    panel = stage.main.classroom.panel
    return len(panel.hints) if panel else 0


CASES: dict[str, Case] = {
    "start": Case(lambda stage: stage.asked("start", BASELINE)),
    "retry": Case(
        lambda stage: (
            stage.session.asked
            == [("prepare", replace(FAST, lr=0.67)), ("start", replace(FAST, lr=0.67))]
        ),
        diverged,
    ),
    "pause": Case(lambda stage: stage.asked("pause"), running),
    "resume": Case(lambda stage: stage.asked("resume"), paused),
    "statement": Case(lambda stage: stage.asked("statement", BASELINE)),
    "minibatch": Case(lambda stage: stage.asked("minibatch", BASELINE)),
    "epoch": Case(lambda stage: stage.asked("epoch", BASELINE)),
    "stop": Case(lambda stage: stage.asked("stop"), running),
    "fork": Case(
        lambda stage: (
            stage.session.asked == [("fork", BASELINE, fork_of(stage.session.latest, 297))]
        ),
        finished,
        before=("left",),
    ),
    "reset": Case(lambda stage: stage.asked("prepare", BASELINE), finished),
    "lr": Case(lambda stage: stage.main.focused is stage.main.lab.training.fields["lr"]),
    "points": Case(lambda stage: stage.main.desk.experiment.data.name == "points"),
    "steer": Case(lambda stage: stage.main.lab.fit.hand is not None),
    "full_batch": Case(lambda stage: stage.asked("prepare", replace(BASELINE, batch_size=1000))),
    "minibatches": Case(lambda stage: stage.asked("prepare", BASELINE), before=("O",)),
    "one_sample": Case(lambda stage: stage.asked("prepare", replace(BASELINE, batch_size=1))),
    "seed": Case(lambda stage: stage.asked("prepare", replace(BASELINE, seed=8))),
    "regenerate": Case(lambda stage: stage.asked("prepare", BASELINE)),
    "data": Case(lambda stage: isinstance(stage.app.screen, FilesScreen)),
    "code": Case(lambda stage: isinstance(stage.app.screen, CodeScreen)),
    "kept_runs": Case(lambda stage: isinstance(stage.app.screen, RunsScreen)),
    "undo": Case(lambda stage: stage.main.desk.experiment == BASELINE, before=("O",)),
    "redo": Case(lambda stage: stage.main.desk.experiment.batch_size == 1, before=("O", "u")),
    "faster": Case(lambda stage: stage.asked("set_pace", None), before=("[",)),
    "slower": Case(lambda stage: stage.asked("set_pace", 30.0)),
    "sweep": Case(lambda stage: isinstance(stage.app.screen, SweepScreen)),
    "race": Case(lambda stage: isinstance(stage.app.screen, RaceScreen)),
    "fan": Case(lambda stage: stage.asked("start_sweep", fan(BASELINE, SEEDS))),
    "find_lr": Case(lambda stage: stage.asked("find_lr", BASELINE)),
    "lessons": Case(lambda stage: isinstance(stage.app.screen, LessonsScreen)),
    "question": Case(lambda stage: stage.field == "Question 1", lesson=True),
    "hint": Case(lambda stage: hints_shown(stage) > 0, lesson=True),
    "next_lesson": Case(
        lambda stage: stage.main.classroom.lesson is list(lessons().values())[1], lesson=True
    ),
    "theory": Case(lambda stage: stage.asked("study", stage.main.desk.snapshot)),
    "xray": Case(lambda stage: stage.asked("study", stage.main.desk.snapshot)),
    "summary": Case(lambda stage: stage.asked("summarize")),
    "live": Case(lambda stage: not stage.main.live.on),
    "listing": Case(lambda stage: stage.is_at("code")),
    "log": Case(lambda stage: not stage.main.lab.loss.log_y),
    "view": Case(lambda stage: stage.main.lab.fit.view.name == "residuals"),
    "feature": Case(lambda stage: "x[1]" in stage.main.lab.fit.chart().title),
    "zoom_in": Case(zoomed),
    "zoom_out": Case(lambda stage: not zoomed(stage), before=("+",)),
    "cursor_left": Case(lambda stage: cursor(stage) == 2.97, finished),
    "cursor_right": Case(lambda stage: cursor(stage) == 0.03, finished, before=("home",)),
    "epoch_back": Case(lambda stage: cursor(stage) == 2.01, finished),
    "epoch_on": Case(lambda stage: cursor(stage) == 0.99, finished, before=("home",)),
    "first_step": Case(lambda stage: cursor(stage) == 0.0, finished),
    "last_step": Case(lambda stage: cursor(stage) == 3.0, finished),
    "play": Case(lambda stage: stage.main.desk.clock.is_playing, finished, before=("home",)),
    "reset_view": Case(
        lambda stage: cursor(stage) is None and not zoomed(stage), finished, before=("left", "+")
    ),
    "fullscreen": Case(lambda stage: stage.main.has_class("-full")),
    "leave": Case(lambda stage: not stage.main.has_class("-full"), before=("enter",)),
    "grid": Case(lambda stage: stage.main.navigator.is_grid, size=(160, 45)),
    "projector": Case(lambda stage: stage.main.projector.is_on),
    "pin": Case(lambda stage: stage.main.desk.pinned is stage.session.latest, finished),
    "next_panel": Case(lambda stage: stage.panel == "fit"),
    "previous_panel": Case(lambda stage: stage.panel == "training"),
    "jump": Case(lambda stage: isinstance(stage.app.screen, JumpScreen)),
    "experiments": Case(lambda stage: isinstance(stage.app.screen, ExperimentsScreen)),
    "share": Case(lambda stage: stage.app.clipboard == "linreg-tui -s data=linear"),
    "copy_menu": Case(lambda stage: isinstance(stage.app.screen, CopyScreen)),
    "help": Case(lambda stage: isinstance(stage.app.screen, HelpScreen)),
    "palette": Case(lambda stage: isinstance(stage.app.screen, CommandPalette)),
    "suspend": Case(lambda stage: stage.suspended),
    "quit": Case(lambda stage: not stage.app.is_running),
}

KEYS = [(action.id, key) for action in ACTIONS for key in action.key.split(",")]


# The table -----------------------------------------------------------------------------------


async def begin(stage: Stage, case: Case) -> None:
    """Bring the app to where a case begins, whatever another one has left behind."""
    main = stage.main
    while stage.app.screen is not main:
        await stage.pilot.press("escape")
    if stage.app.size != case.size:
        await resize(stage.pilot, case.size)
    if main.projector.is_on:
        await main.projector.toggle()
    await main.classroom.close()
    await become(stage.pilot, case.snapshot(), previous())
    if case.lesson:
        await main.classroom.open(quiz())
    main.desk.pinned = None
    main.commands.set_pace(None)
    main.lab.loss.log_y = True
    main.lab.loss.reset_view()
    main.lab.fit.hold(None)
    main.lab.fit.turns.clear()
    main.lab.fit.turn_to(VIEWS["fit"])
    main.navigator.place(main.lab.fit)
    main.navigator.go_to(main.classroom.panel or main.lab.loss)
    await stage.pilot.press(*case.before)
    await stage.pilot.pause()
    stage.session.calls.clear()


async def does(stage: Stage, id: str, key: str) -> None:
    """A key does an action, which can be done and was not done before."""
    case = CASES[id]
    assert stage.main.can(id)
    assert not case.check(stage)
    await stage.pilot.press(key)
    await until(stage.pilot, lambda: case.check(stage))


async def test_every_key_does_something(
    monkeypatch: pytest.MonkeyPatch, shared_lab: SharedLab
) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        stage = Stage(app, session, pilot)
        monkeypatch.setattr(
            app, "action_suspend_process", lambda: setattr(stage, "suspended", True)
        )
        for id, key in KEYS:
            if id != "quit":
                with about(f"{id} by {key}"):
                    stage.suspended = False
                    await begin(stage, CASES[id])
                    await does(stage, id, key)


@pytest.mark.parametrize("key", [key for id, key in KEYS if id == "quit"])
async def test_key_leaves(key: str) -> None:
    session = FakeSession(ready())
    app = app_for(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await does(Stage(app, session, pilot), "quit", key)


def test_cases_are_those_of_the_table() -> None:
    assert CASES.keys() == {action.id for action in ACTIONS}


def test_every_action_has_a_method_and_help() -> None:
    for action in ACTIONS:
        assert callable(getattr(Commands, action.id))
        assert action.help.endswith(".")
        assert action.label


def test_ids_and_keys_are_unique() -> None:
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))
    shared = ("resume", "play")
    keys = [key for action in ACTIONS if action.id not in shared for key in action.key.split(",")]
    keys += [str(number) for number in range(1, NUMBERED + 1)]
    assert len(keys) == len(set(keys))


def test_nothing_bound_that_terminals_swallow() -> None:
    keys = {key for action in ACTIONS for key in action.key.split(",")}
    assert not keys & {"ctrl+j", "ctrl+h", "ctrl+m", "ctrl+i", "ctrl+s", "ctrl+c"}
    assert not any(key.startswith("alt+") for key in keys)
    for action in ACTIONS:
        only_route = len(action.key.split(",")) == 1
        assert not (only_route and action.key in ("ctrl+a", "ctrl+b", "ctrl+o", "ctrl+q"))


def test_groups_hold_every_action_once() -> None:
    assert [action for _, actions in groups() for action in actions] == list(ACTIONS)
    assert len(bindings()) == len(ACTIONS) + NUMBERED


def test_readme_tells_every_key() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert "| key | what it does |" in lines
    for action in ACTIONS:
        assert f"| `{action.shown}` | {action.help} |" in lines


# Views ---------------------------------------------------------------------------------------


async def test_v_goes_through_the_views_and_f_through_the_planes(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        fit = app.main.lab.fit
        seen = []
        for _ in VIEWS:
            await pilot.press("v")
            await pilot.pause()
            seen.append((fit.view.name, app.main.can("feature")))
            if fit.view.reading:
                await says(pilot, fit.view.reading[:40])
        assert [view for view, _ in seen] == [*list(VIEWS)[1:], "fit"]
        assert [able for _, able in seen] == [True, False, True, False, True, *[False] * 4, True]
        await pilot.press("v", "v", "v")
        titles = []
        for _ in range(4):
            await until(pilot, lambda: fit.chart().heat is not None)
            titles.append(fit.chart().title)
            await pilot.press("f")
        assert "steepest" in titles[0]
        assert titles[1:] == ["↑ w[1] → w[0]", "↑ b → w[0]", "↑ b → w[1]"]


async def test_zoom_in_the_landscape_asks_for_the_smaller_rectangle(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        fit = app.main.lab.fit
        await pilot.press("v", "v", "v")
        await until(pilot, lambda: fit.landscape is not None)
        wide = fit.landscape
        await pilot.press("plus", "right")
        await until(pilot, lambda: fit.landscape is not wide)
        near = fit.landscape
        assert wide
        assert near
        for wider, nearer in ((wide.x_range, near.x_range), (wide.y_range, near.y_range)):
            assert nearer[1] - nearer[0] == pytest.approx((wider[1] - wider[0]) / 1.5)
        await pilot.press("0")
        await until(pilot, lambda: bool(fit.landscape and fit.landscape.x_range == wide.x_range))


# Presets -------------------------------------------------------------------------------------


async def test_digit_loads_a_lesson(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(Experiment().changed({"lr": 0.5})), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        for number in (1, 4, NUMBERED):
            lesson = list(lessons().values())[number - 1]
            session.calls.clear()
            await pilot.press(str(number))
            assert session.asked == [("prepare", lesson.experiment)]
            fields = [field for form in app.main.lab.forms for field in form.fields.items()]
            shown_values = {key: field.value for key, field in fields if key != "pace"}
            assert Experiment().changed_by_text(shown_values) == lesson.experiment


# Nothing is lost -----------------------------------------------------------------------------


def is_asking(app: LinregApp) -> Callable[[], bool]:
    return lambda: isinstance(app.screen, ConfirmScreen)


async def test_a_number_typed_outside_a_field_costs_neither_run_nor_experiment(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(paused(), size=(120, 34)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        for made in (paused, running):
            await become(pilot, made())
            session.calls.clear()
            await pilot.press(*"0.05")
            if made is paused:
                await until(pilot, is_asking(app))
                await says(pilot, "End the run that is under way?")
                await pilot.press("n")
                await until(pilot, lambda: app.screen is app.main)
            assert app.screen is app.main
            assert app.main.classroom.lesson is None
            assert app.main.desk.experiment == BASELINE
            assert not any(call[0] in ("prepare", "start", "stop") for call in session.asked)


ENDS_A_RUN = {"1": "prepare", "r": "prepare", "s": "start", "u": "prepare"}
"""Keys that would end a run, and what each then asks the session for."""


async def test_what_ends_a_run_asks_first(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(120, 34)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        for key, call in ENDS_A_RUN.items():
            with about(key):
                await app.main.classroom.close()
                await become(pilot, ready())
                await pilot.press("O", "2")
                await until(pilot, lambda: app.main.classroom.lesson is not None)
                await show(pilot, paused())
                session.calls.clear()
                for answer in ("n", "y"):
                    await pilot.press(key)
                    await until(pilot, is_asking(app))
                    assert session.asked == []
                    await pilot.press(answer)
                    await until(pilot, lambda: app.screen is app.main)
                assert [name for name, *_ in session.asked] == [call]


async def test_the_experiment_before_a_lesson_comes_back() -> None:
    session = FakeSession(ready())
    app = app_for(session)
    async with app.run_test(size=(120, 34), notifications=True) as pilot:
        main = app.main
        await settled(pilot)
        await pilot.press("5")
        await until(pilot, lambda: main.classroom.lesson is not None)
        await pilot.press("escape")
        await until(pilot, lambda: main.classroom.lesson is None)
        await pilot.press("l", *"0.7", "enter")
        await until(pilot, lambda: main.desk.experiment.lr == 0.7)
        mine = main.desk.experiment
        await pilot.press("5")
        await until(pilot, lambda: main.desk.experiment != mine)
        await says(pilot, "u brings your experiment back")
        await pilot.press("u")
        await until(pilot, lambda: main.desk.experiment == mine)
        assert main.classroom.lesson is None
        assert main.lab.training.fields["lr"].value == "0.7"


async def test_one_minibatch_moves_header_and_reading(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(120, 34)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        for size, header in (
            ((120, 34), "0/3  step {n} of 100"),
            ((80, 24), "0/3  step {n} of 100"),
            ((40, 12), "0/3 {n}/100"),
        ):
            await resize(pilot, size)
            session.calls.clear()
            for n in (1, 2):
                await pilot.press("full_stop")
                await until(pilot, lambda n=n: len(session.asked) == n)  # type: ignore[misc]
                await show(pilot, replace(paused(), epoch=0, step=n, batch_loss=1.25 / n))
                lines = text_of(app)
                assert header.format(n=n) in lines[0]
                if size != (40, 12):
                    words = " ".join("\n".join(lines).split())
                    assert f"step {n} of 100 · minibatch loss" in words
                    assert f"{1.25 / n:.3g}" in words


async def test_settings_that_come_back_bring_their_finished_run_back(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(2), finished(2), size=(120, 34)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)

        def values() -> str:
            return "\n".join(text_of(app))

        assert "1.9991" in values()
        await pilot.press("O")
        await show(pilot, ready(replace(BASELINE, batch_size=1), 3))
        assert "1.9991" not in values()
        await pilot.press("M")
        session.latest = ready(number=4)
        await until(pilot, lambda: "1.9991" in values())
        assert app.main.desk.snapshot is session.runs[0]
        await pilot.press("r")  # the start is asked for
        await until(pilot, lambda: "1.9991" not in values())
        assert app.main.desk.snapshot is session.latest


async def test_a_run_over_other_data_is_not_compared_with(shared_lab: SharedLab) -> None:
    other = replace(previous(1), experiment=Experiment().changed({"data.noise": 1.0}))
    async with shared_lab(finished(3), other, size=(120, 34)) as pilot:
        app = app_of(pilot)
        assert app.main.desk.previous is None
        assert "before" not in "\n".join(text_of(app))
        await become(pilot, finished(3), previous(1), replace(other, number=2))
        assert app.main.desk.previous is session_of(app).runs[0]
        await says(pilot, "before")


# Text fields ---------------------------------------------------------------------------------

PRINTABLE = sorted(
    {
        key
        for action in ACTIONS
        for key in action.key.split(",")
        if len(key) == 1 or key in ("space", "full_stop", "plus", "minus", "question_mark")
    }
    | {"greater_than_sign", "left_square_bracket", "right_square_bracket"}
    | {str(number) for number in range(1, NUMBERED + 1)}
)


async def test_typing_in_a_field_fires_nothing(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        main = app.main
        await pilot.press("l", *PRINTABLE)
        field = main.lab.training.fields["lr"]
        assert isinstance(field, TextField)
        await until(pilot, lambda: len(field.value) == len(PRINTABLE))
        assert field.has_focus
        assert session.asked == []
        assert app.screen is main
        assert main.lab.loss.log_y
        assert main.lab.fit.view.name == "fit"
        assert main.desk.pinned is None


async def test_enter_applies_and_leaves_and_the_single_keys_work_again(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await pilot.press("l", *"0.5", "enter")
        faster = replace(BASELINE, lr=0.5)
        await until(pilot, lambda: session.asked == [("prepare", faster)])
        await until(pilot, lambda: app.main.focused is app.main.lab.loss)
        assert app.main.lab.training.fields["lr"].value == "0.5"
        await pilot.press("s")
        await until(pilot, lambda: session.asked[1:] == [("start", faster)])


async def test_letters_after_digits_stay_text_and_escape_undoes(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        field = app.main.lab.training.fields["lr"]
        await pilot.press("l", *"0.5s")
        await until(pilot, lambda: field.value == "0.5s")
        await pilot.press("escape")
        await until(pilot, lambda: app.main.focused is app.main.lab.loss)
        assert field.value == "0.03"
        assert session.asked == []
        assert app.main.desk.experiment == BASELINE


async def test_leaving_a_field_applies_it(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await pilot.press("l", *"0.5", "down")
        await until(pilot, lambda: session.asked == [("prepare", replace(BASELINE, lr=0.5))])
        await pilot.press("down")
        assert Stage(app, session, pilot).field == "batch_size"
        await pilot.press(*"20", "tab")
        both = replace(BASELINE, lr=0.5, batch_size=20)
        await until(pilot, lambda: session.asked[1:] == [("prepare", both)])
        assert Stage(app, session, pilot).panel == "loss"


async def test_refused_text_says_why_until_it_is_undone(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        field = app.main.lab.training.fields["lr"]
        await pilot.press("l", *"-1", "enter")
        await until(pilot, lambda: "lr=-1: must be a number above 0" in "".join(text_of(app)))
        assert field.has_class("-refused")
        assert session.asked == []
        assert app.main.desk.experiment == BASELINE
        await pilot.press("enter")
        await pilot.pause()
        assert field.has_focus
        await pilot.press("tab")
        await until(pilot, lambda: app.main.focused is app.main.lab.loss)
        await until(pilot, lambda: "lr=-1" in "".join(text_of(app)))
        await pilot.press("l")
        await until(pilot, lambda: field.has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: field.value == "0.03" and not field.has_class("-refused"))
        await until(pilot, lambda: "lr=-1" not in "".join(text_of(app)))


async def test_refused_text_is_forgotten_with_the_next_experiment(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        field = app.main.lab.training.fields["lr"]
        await pilot.press("l", *"fast", "tab")
        await until(pilot, lambda: field.has_class("-refused") and not field.has_focus)
        await pilot.press("2")
        await until(pilot, lambda: field.value == "0.03")
        assert not field.has_class("-refused")


async def test_only_the_learning_rate_changes_a_run(shared_lab: SharedLab) -> None:
    async with shared_lab(running(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await pilot.press("l", *"0.1", "enter")
        await until(pilot, lambda: session.asked == [("set_lr", 0.1)])
        assert app.main.desk.experiment.lr == 0.1
        assert not app.main.desk.is_ahead
        await pilot.press("j", "d", "down", "down", "down", *"500", "enter")
        await until(pilot, lambda: app.main.desk.experiment.dataset().n == 500)
        await pilot.pause()
        assert session.asked == [("set_lr", 0.1)]
        await until(pilot, lambda: "apply at the next start" in "".join(text_of(app)))


# Pickers -------------------------------------------------------------------------------------


async def test_turning_goes_past_what_is_refused(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("j", "m")
        await until(pilot, lambda: isinstance(app.main.focused, Picker))
        await pilot.press("right")
        await until(pilot, lambda: "model=ohm" in "".join(text_of(app)))
        names = [entry.name for entry in REGISTRIES["model"]]
        await pilot.press(*["right"] * (names.index("two_layer") - names.index("ohm")))
        await until(pilot, lambda: app.main.desk.experiment.model.entry.name == "two_layer")


async def test_left_and_right_turn_a_picker_round(shared_lab: SharedLab) -> None:
    names = [entry.name for entry in REGISTRIES["loss"]]
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await pilot.press("j", "m", "down", "down")
        await until(pilot, lambda: app.main.focused is app.main.lab.forms[1].fields["loss"])
        for name in [*names[1:], names[0]]:
            await pilot.press("right")
            await until(pilot, partial(has_loss, app, name))
        await pilot.press("left")
        await until(pilot, partial(has_loss, app, names[-1]))
        assert len(session.asked) == len(names) + 1
        assert cursor(Stage(app, session, pilot)) is None


async def test_a_choice_with_parameters_brings_their_fields(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        form = app.main.lab.forms[1]
        assert "loss.delta" not in form.fields
        await pilot.press("j", "m", "down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        options = app.screen.query_one(OptionList)
        assert options.highlighted == 0
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: app.main.desk.experiment.loss.name == "huber")
        await until(pilot, lambda: bool(form.fields["loss.delta"].region))
        assert app.main.focused is form.fields["loss"]
        await pilot.press("down", *"0.5", "enter")
        await until(pilot, lambda: app.main.desk.experiment.loss.options == {"delta": 0.5})


async def test_list_is_left_without_a_choice() -> None:
    session = FakeSession(ready())
    app = app_for(session)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for key in ("escape", "q"):
            await pilot.press("j", "m", "enter")
            await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
            await pilot.press("down", key)
            await until(pilot, lambda: app.screen is app.main)
            assert session.asked == []
            assert app.is_running


async def test_up_and_down_go_from_field_to_field(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("j", "t")
        fields = list(app.main.lab.training.fields.values())
        await until(pilot, lambda: app.main.focused is fields[0])
        for field in fields[1:]:
            await pilot.press("down")
            await until(pilot, field_focus(field))
        for field in reversed(fields[:-1]):
            await pilot.press("up")
            await until(pilot, field_focus(field))


async def test_device_offers_what_is_there(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        picker = app.main.lab.training.fields["device"]
        assert isinstance(picker, Picker)
        await until(pilot, lambda: [c.value for c in picker.choices] == ["auto", "cpu"])


# Getting about -------------------------------------------------------------------------------


async def test_tab_visits_every_panel_and_shift_tab_goes_back(shared_lab: SharedLab) -> None:
    there = ["fit", "values", "runs", "data", "model", "training", "loss"]
    async with shared_lab(finished(), previous(), size=(30, 10)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        stage = Stage(app, session, pilot)
        assert stage.panel == "loss"
        for size in ((30, 10), (50, 24), (120, 34)):
            await resize(pilot, size)
            panels = [name for name in there if name != "runs" or size == (120, 34)]
            for key, names in (("tab", panels), ("shift+tab", [*panels[:-1][::-1], "loss"])):
                for name in names:
                    with about(f"{key} to {name} at {size}"):
                        await pilot.press(key)
                        await until(pilot, partial(stage.is_at, name))


async def test_what_has_the_focus_can_be_seen(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(40, 12)) as pilot:
        app = app_of(pilot)
        for size in ((40, 12), (80, 24), (120, 34)):
            await resize(pilot, size)
            for _ in app.main.navigator.panels:
                await pilot.press("tab")
                await pilot.pause()
                focused = app.main.focused
                assert focused
                assert focused.region.area, (focused, size)
                assert app.main.region.contains_region(focused.region), (focused, size)


async def test_jump_letters(shared_lab: SharedLab) -> None:
    absent = ("lesson", "third", "fourth", "runs")
    places = [(letter, name) for letter, name in JUMPS.items() if name not in absent]
    async with shared_lab(finished(), size=(40, 12)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        stage = Stage(app, session, pilot)
        for size in ((40, 12), (120, 34)):
            await resize(pilot, size)
            for letter, name in [*places, *reversed(places)]:
                with about(f"{letter} at {size}"):
                    await pilot.press("ctrl+o", letter)
                    await until(pilot, partial(stage.is_at, name))
                    assert app.screen is app.main


async def test_jump_by_arrow_and_enter(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        stage = Stage(app, session, pilot)
        await pilot.press("j", "down", "enter")
        await until(pilot, lambda: stage.panel == list(JUMPS.values())[1])


async def test_dialog_closes_once_though_its_key_comes_several_times(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        for keys in ("ddd", "vvv", ["enter"] * 3, ["enter", "escape", "escape"]):
            with about(keys):
                while app.screen is not app.main:  # a key more may have opened a list
                    await pilot.press("escape")
                    await pilot.pause()
                app.main.navigator.go_to(app.main.lab.loss)
                await pilot.press("j")
                await until(pilot, lambda: isinstance(app.screen, JumpScreen))
                await pilot.press(*keys)  # all of them before the first is done
                await until(pilot, lambda: not isinstance(app.screen, JumpScreen))
                await pilot.pause()
                assert app.main in app.screen_stack


async def test_list_closes_once_though_enter_comes_several_times(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("j")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press("m")
        await until(pilot, lambda: app.main.focused is app.main.lab.forms[1].fields["model"])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press(*["enter"] * 5)
        await pilot.pause()
        assert app.main in app.screen_stack
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_full_screen_ends_with_escape_enter_or_another_panel(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        for key in ("escape", "enter", "tab"):
            await pilot.press("enter")
            await until(pilot, lambda: app.main.has_class("-full"))
            await pilot.pause()
            assert app.main.lab.loss.size.width == 78 or key == "tab"
            await pilot.press(key)
            await until(pilot, lambda: not app.main.has_class("-full"))


async def test_pinning_the_same_run_again_unpins_it(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("p")
        await until(pilot, lambda: app.main.desk.pinned is not None)
        await pilot.press("p")
        await until(pilot, lambda: app.main.desk.pinned is None)


# Help, palette, leaving ----------------------------------------------------------------------


async def test_help_tells_every_key(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert isinstance(app.screen, HelpScreen)
        text = app.screen.text().plain
        for action in ACTIONS:
            assert f"{action.shown:<10} {action.help}" in text
        for number, lesson in enumerate(list(lessons().values())[:NUMBERED], 1):
            assert f"{number:<10} {lesson.title}" in text
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is app.main)


async def test_palette_offers_what_is_able_now(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        for state in STATES.values():
            await show(pilot, state())
            commands = {offer.title: offer for offer in offers_on(app.screen)}
            for action in ACTIONS:
                able = app.main.can(action.id)
                twins = [twin for twin in ACTIONS if twin.label == action.label]
                if able or len(twins) == 1:
                    assert (action.label in commands) == able
            may_leave = app.main.can("lesson")
            for lesson in lessons():
                assert (f"lesson: {lesson}" in commands) == may_leave
            for key, registry in REGISTRIES.items():
                for entry in registry:
                    assert f"{key}: {entry.label}" in commands
            assert "theme: linreg-light" in commands


async def test_palette_runs_what_is_typed(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        await pilot.press("ctrl+p", *"huber")
        palette = app.screen
        assert isinstance(palette, CommandPalette)
        await until(pilot, lambda: palette.query_one(OptionList).option_count > 0)
        await pilot.press("down", "enter")
        await until(pilot, lambda: bool(session.asked))
        assert app.main.desk.experiment.loss.name == "huber"


async def test_leaving_during_a_run_asks() -> None:
    app = app_for(FakeSession(running()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for state in (running, paused):
            await become(pilot, state())
            for key in ("q", "ctrl+q"):
                await pilot.press(key)
                await until(pilot, is_asking(app))
                await pilot.press("n")
                await until(pilot, lambda: app.screen is app.main)
                assert app.is_running
        await pilot.press("q")
        await until(pilot, is_asking(app))
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running)


# Remapped keys -------------------------------------------------------------------------------


async def test_remapped_key_works_and_is_shown() -> None:
    session = FakeSession(ready())
    app = app_for(session, Settings(keys={"start": "f5", "nonsense": "k"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert " f5 start " in text_of(app)[-1]
        await pilot.press("s")
        await pilot.pause()
        assert session.asked == []
        await pilot.press("f5")
        await until(pilot, lambda: session.asked == [("start", BASELINE)])
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert isinstance(app.screen, HelpScreen)
        assert f"{'f5':<10} {ACTIONS[0].help}" in app.screen.text().plain


async def test_strange_remapping_breaks_nothing() -> None:
    strange = {"start": "", "pause": "no such key", "lr": ",", "race": "x", "sweep": "[b]"}
    app = app_for(FakeSession(ready()), Settings(keys=strange))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


SILENT: list[
    tuple[str, Callable[[], Snapshot], str]
] = [  # key, a state in which it can do nothing, what is said
    ("s", running, "not while the run is on its way: space pauses it, x ends it"),
    ("5", running, "not while the run is on its way"),
    ("w", running, "not while the run is on its way"),
    ("N", running, "not while the run is on its way"),
    ("n", paused, "not before the run is over: x ends it"),
    ("B", paused, "not before the run is over"),
    ("space", ready, "nothing is running: s starts"),
    ("x", finished, "there is no run to end: s starts one"),
    ("a", finished, "a smaller lr is suggested only after a run that diverged"),
    ("u", ready, "nothing was changed that could be taken back"),
    ("k", ready, "no question is open here: e has the lessons"),
    ("h", ready, "there is no further hint"),
    ("N", ready, "there is no lesson after this one: e has them all"),
    ("t", failed, "the data are not drawn yet"),
    ("p", ready, "there is no run to keep yet: s starts one"),
    ("escape", ready, "there is nothing to leave: q leaves the app"),
]


async def test_a_key_that_can_do_nothing_says_why() -> None:
    app = app_for(FakeSession(ready()))

    def said() -> str:
        return "".join(note.message for note in app._notifications)

    async with app.run_test(size=(120, 34), notifications=True) as pilot:
        await settled(pilot)
        for key, made, why in SILENT:
            with about(f"{key}, {why}"):
                app.clear_notifications()
                await show(pilot, made())
                await pilot.press(key)
                await pilot.pause()
                assert said().startswith(why)
        await show(pilot, ready())
        await pilot.press("v", "v", "f")  # the parameters are all there is
        await until(pilot, lambda: "this view shows one thing only: v takes another" in said())


def test_every_action_that_may_be_unable_has_words_for_it() -> None:
    assert all(bool(action.why) == (action.when is not always) for action in ACTIONS)


async def test_texts_name_the_keys_of_the_settings() -> None:
    app = app_for(FakeSession(ready()), Settings(keys={"start": "f5", "quit": "Q"}))
    async with app.run_test(size=(120, 34), notifications=True) as pilot:
        await settled(pilot)
        await says(pilot, "press f5 to train")
        await pilot.press("escape")
        await says(pilot, "Q leaves the app")
        await pilot.press("1")
        await until(pilot, lambda: "then press f5" in " ".join("\n".join(text_of(app)).split()))


async def test_an_unknown_key_or_action_in_the_settings_is_said() -> None:
    wrong = {"start": "no such key", "race": "", "strat": "t", "sweep": "ctrl+nothing"}
    app = app_for(FakeSession(ready()), Settings(keys={**wrong, "help": "f1"}))
    async with app.run_test(size=(120, 34), notifications=True) as pilot:
        await settled(pilot)
        (note,) = app._notifications
        named = ", ".join(f"{name} = {key}" for name, key in wrong.items())
        assert note.message == f"keys: no such action or key: {named}"
        await says(pilot, "no such action or key: start = no such key")
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


@pytest.mark.parametrize(
    "key", ["s", "f5", "ctrl+k", "full_stop", "j,ctrl+o", "shift+f3", "+", "é"]
)
def test_names_of_keys(key: str) -> None:
    assert is_key(key)


async def test_what_a_key_has_done_covers_neither_advice_nor_keys() -> None:
    app = app_for(FakeSession(diverged()))
    async with app.run_test(size=(120, 34), notifications=True) as pilot:
        for size in ((120, 34), (80, 24)):
            await resize(pilot, size)
            await settled(pilot)
            await pilot.press("k")
            await says(pilot, "no question is open")
            lines = text_of(app)
            assert "Press a to train with 0.67" in lines[-3]
            assert "no question is open" not in "\n".join(lines[-3:])


async def test_a_hint_that_is_cut_names_the_key_for_the_rest(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("l")
        hint = app.main.lab.hint
        await until(pilot, lambda: "Limit" in hint.shown[0])
        whole = hint.shown[0]
        shown_part = " ".join(" ".join(text_of(app)[-3:-1]).split())
        assert shown_part.endswith("… F1")
        assert whole.startswith(shown_part.removesuffix("… F1"))
        await pilot.press("f1")  # in the field, where a question mark would be text
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert isinstance(app.screen, HelpScreen)
        assert app.screen.text().plain.startswith(whole)
        await pilot.press("escape")
        await resize(pilot, (200, 50))
        await until(pilot, lambda: "F1" not in "".join(text_of(app)[-3:-1]))
        assert " ".join(" ".join(text_of(app)[-3:-1]).split()) == whole


@pytest.mark.parametrize(("text", "shown_text"), [
    ("one two three", "one two three"),
    ("one two three four five six seven", "one two three\nfour five… F1"),
    ("x" * 60, "x" * 15 + "\n" + "x" * 11 + "… F1"),
    ("one two three\nfour", "one two three\nfour"),
    ("one two\nthree\nfour", "one two\nthree… F1"),
    ("", ""),
])  # fmt: skip
def test_the_beginning_of_a_hint(text: str, shown_text: str) -> None:
    assert beginning(text, 15, 2) == shown_text


async def test_sweep_and_race_have_help_and_their_keys_in_the_palette(
    shared_lab: SharedLab,
) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        for key, own, own_keys in (
            ("w", "Go from run to run.", set("bm+-0")),
            ("R", "Go from racer to racer.", {"v"}),
        ):
            with about(key):
                await has_help_and_keys(pilot, key, own, own_keys)


async def has_help_and_keys(pilot: Pilot[None], key: str, own: str, own_keys: set[str]) -> None:
    """The screen that a key opens has help of its own, and its keys stand in the palette."""
    app = pilot.app
    main = main_of(pilot)
    await pilot.press(key)
    await until(pilot, lambda: app.screen is not main)
    screen = app.screen
    offers = {offer.key: offer for offer in offers_on(screen)}
    assert offers["x"].title == "End it; what is done stays."
    assert set(offers) >= {"s", "x", "?", "tab", "esc", *own_keys}
    assert "? help" in text_of(app_of(pilot))[-1]
    for asked in ("question_mark", "f1"):
        await pilot.press(asked)
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await says(pilot, own)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
    app.call_later(offers["esc"].do)
    await until(pilot, lambda: app.screen is main)


async def test_the_palette_finds_settings_and_themes(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(120, 34)) as pilot:
        app = app_of(pilot)
        commands = {offer.title: offer.do for offer in offers_on(app.screen)}
        for key in ("epochs", "batch_size", "data.noise"):
            commands[key]()
            await until(pilot, lambda key=key: getattr(app.main.focused, "key", "") == key)  # type: ignore[misc]
        commands["theme: linreg-light"]()
        assert app.theme == "linreg-light"


async def test_full_screen_names_its_keys(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        for size, keys in (((120, 34), "f + - ← → 0 esc"), ((80, 24), "f + - esc")):
            await resize(pilot, size)
            await pilot.press("enter")
            await until(pilot, lambda: app.main.has_class("-full"))
            await pilot.pause()
            bar = text_of(app)[-1].split()
            assert set(keys.split()) <= set(bar)
            await pilot.press("escape")
            await until(pilot, lambda: not app.main.has_class("-full"))


async def test_the_key_bar_of_80_columns_has_lr_and_lessons(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        for _ in range(2):
            bar = text_of(app)[-1]
            assert "  l lr  " in bar
            assert "  e lessons  " in bar
            await pilot.press("1")
            await until(pilot, lambda: app.main.classroom.lesson is not None)
            await pilot.pause()


async def test_values_have_rows_where_there_are_few_lines(shared_lab: SharedLab) -> None:
    async with shared_lab(finished(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        for size in ((40, 12), (50, 14), (80, 16), (120, 16), (120, 24)):
            with about(size):
                await resize(pilot, size)
                await pilot.press("j", "v")
                await pilot.pause()
                screen = "\n".join(text_of(app))
                assert all(f"{name} " in screen for name in ("w[0]", "w[1]", "b"))
                assert "1.9991" in screen
                assert "4.1998" in screen


def test_shown_key() -> None:
    start = ACTIONS[0]
    assert shown(start) == "s"
    assert key_of("start") == "s"


# The key bar ---------------------------------------------------------------------------------


async def test_key_bar_fits_and_offers_help(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), previous(), size=(20, 5)) as pilot:
        app = app_of(pilot)
        bar = app.main.query_one(KeyBar)
        for size in ((20, 5), (30, 10), (40, 12), (80, 24), (120, 34)):
            await resize(pilot, size)
            for name, state in STATES.items():
                with about(f"{name} at {size}"):
                    await show(pilot, state())
                    await until(pilot, lambda: "? help" in str(bar.render()))
                    line = str(bar.render())
                    assert len(line) <= size[0]
                    assert text_of(app)[-1].rstrip() == line.rstrip()
                    if size[0] >= 30:
                        assert ("space pause" in line) == (name == "running")
                        assert ("s start" in line) == (name != "running")


async def test_click_on_the_key_bar_does_the_same(shared_lab: SharedLab) -> None:
    async with shared_lab(ready(), size=(80, 24)) as pilot:
        session = session_of(pilot.app)
        await pilot.click(KeyBar, offset=(3, 0))
        await until(pilot, lambda: session.asked == [("start", BASELINE)])


async def test_pace_stays_within_its_ends(shared_lab: SharedLab) -> None:
    async with shared_lab(running(), size=(80, 24)) as pilot:
        app = app_of(pilot)
        session = session_of(pilot.app)
        for key, end in (("]", None), ("[", 0.2)):
            for _ in PACES:
                await pilot.press(key)
            assert session.asked[-1] == ("set_pace", end)
            assert app.main.lab.training.pace == end


async def test_enter_in_a_field_gets_no_reason_why_there_is_no_full_screen() -> None:
    app = app_for(FakeSession(ready()))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("l", *"0.5", "enter")
        await until(pilot, lambda: app.main.desk.experiment.lr == 0.5)
        await pilot.pause()
        assert "fills the screen from" not in "\n".join(text_of(app))
