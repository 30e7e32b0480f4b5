"""The main screen: the parts of the lab put together, and what each of them hears of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from inspect import isawaitable

from textual import on
from textual.app import ComposeResult
from textual.events import DescendantBlur, DescendantFocus, Key
from textual.widgets import Input

from engine.experiment import Experiment
from engine.lessons.lesson import Lesson
from engine.opening import Reading, Request, waits
from engine.own_data import with_digest
from engine.support.errors import BadInput, show
from engine.support.translation import tr
from tui.backend import Backend
from tui.bindings import bindings
from tui.forms.fields import Edited, Picker, TextField
from tui.forms.form import Form
from tui.keys.in_use import shown
from tui.keys.refusal import can, refusal
from tui.keys.situation import Situation
from tui.keys.table import BY_ID
from tui.overlay import Sized, tell
from tui.panels.chart import ChartPanel
from tui.panels.code import CodePanel
from tui.panels.fit import FitPanel
from tui.panels.group import Group
from tui.panels.runs import RunsPanel
from tui.panels.training import pace_named
from tui.screens.classroom import Classroom
from tui.screens.commands import Commands
from tui.screens.desk import Desk
from tui.screens.hints import Hints
from tui.screens.lab import Lab
from tui.screens.listing import RENEWED
from tui.screens.live import Live
from tui.screens.navigator import Navigator
from tui.screens.projector import Projector

IN_FULL = (
    "leave", "play", "feature", "zoom_in", "zoom_out", "cursor_left", "cursor_right", "reset_view",
)  # fmt: skip
"""Keys that come first in the bar while one chart fills the screen."""
LOOK_INTERVAL = 1 / 20
"""Seconds between two looks at the session."""


class MainScreen(Sized[None]):
    """Everything on one screen; its layout follows the size of the terminal."""

    BINDINGS = bindings()
    AUTO_FOCUS = ""

    def __init__(
        self,
        session: Backend,
        experiment: Experiment,
        first: Lesson | None = None,
        request: Request | None = None,
        live: bool = True,
    ) -> None:
        super().__init__()
        self.session = session
        self.first = first
        """The lesson to begin with."""
        self.request = request
        """The file of data that the session reads before anything else."""
        self.desk = Desk(session, experiment, changed=self.show_desk)
        self.desk.clock.moved = self.show_run
        self.lab = Lab(self.desk.clock)
        self.navigator = Navigator(self, self.desk, self.lab.panels, self.lab.loss, self.lab.views)
        self.classroom = Classroom(self, self.lab, self.desk, self.navigator)
        self.projector = Projector(
            self, self.desk, self.navigator, self.classroom, self.color_charts
        )
        self.hints = Hints(self, self.lab, self.desk, self.classroom)
        self.live = Live(self, self.desk, self.classroom, on=live)
        self.commands = Commands(
            self, self.lab, self.desk, self.navigator, self.classroom, self.live, self.projector
        )

    def compose(self) -> ComposeResult:
        """The panels of the lab, and the bars around them."""
        yield from self.lab.compose()

    def on_mount(self) -> None:
        """Show what there is."""
        self.show_run()
        self.set_focus(self.lab.loss)

    def color_charts(self) -> None:
        """Give all that has colours of its own those of the theme and of the projector."""
        self.app.color_charts()  # type: ignore[attr-defined]

    async def on_resize(self) -> None:
        """Four charts need a large terminal, and the projector one that is not small."""
        self.navigator.fit_size()
        await self.projector.fit_size()
        self.show_run()

    async def fill(self) -> None:
        """After the first frame: the fields, the engine's import of torch, the first lesson.

        Only then the session is looked at: nothing is tried that the lesson asks for.
        """
        await self.lab.fill(self.desk.experiment)
        if self.request:
            self.commands.own_data.wait_for(self.request)
        self.call_after_refresh(self.session.open)
        self.call_after_refresh(self.commands.shelf.follow)
        if self.first:
            await self.classroom.open(self.first)
        self.set_interval(LOOK_INTERVAL, self.look)
        self.set_interval(RENEWED, self.commands.shelf.follow)

    # Showing -----------------------------------------------------------------------------------

    def look(self) -> None:
        """Show what the session has published since the last look, and tell the lesson of it.

        What a key brings comes first.
        """
        if self.session.gives_way:
            return
        self.commands.inquiry.look()
        for chart in self.lab.views:
            chart.take(self.session.landscapes.get(str(chart.id)))
        self.lab.code.take(self.session.code)
        self.classroom.look_at_jobs()
        self.desk.clock.tick(LOOK_INTERVAL, self.lab.training.pace)
        self.commands.shelf.look()
        if self.desk.look():
            self.live.look()
            self.show_run()
            self.classroom.look()
        else:
            self.look_ahead()
        self.navigator.refocus()  # there may be no room, or no field, for what had the focus

    def show_run(self) -> None:
        """Show the run on the desk, and the keys and hints that go with it."""
        with self.app.batch_update():
            self.lab.show(self.desk, not self.classroom.hides_theory)
            self.projector.show()
            self.commands.shelf.show()
            self.weigh()
            self.show_keys()
            if not isinstance(self.focused, TextField | Picker):
                self.hints.show()

    def weigh(self) -> None:
        """Show how the lr that is typed stands to its limit."""
        self.lab.training.weigh(self.live.experiment, self.desk.preview)

    def show_desk(self) -> None:
        """Show the edited experiment in the forms, and the run."""
        self.lab.show_experiment(self.desk.experiment)
        self.classroom.show_settings()
        self.show_run()

    # Keys --------------------------------------------------------------------------------------

    @property
    def situation(self) -> Situation:
        """What decides which actions can be done now."""
        desk, classroom, lesson = self.desk, self.classroom, self.classroom.lesson
        run = desk.snapshot
        return Situation(
            state=desk.at_hand.state,
            begun=run.step > 0,
            can_fork=self.desk.to_fork is not None,
            has_facts=desk.at_hand.facts is not None,
            has_suggestion=bool(run.autopsy and run.autopsy.suggestion),
            looks_back=desk.looked_at is not None,
            looks_at_moment=desk.clock.run is not None,
            is_retracing=desk.is_retracing,
            is_playing=desk.clock.is_playing,
            view_turns=bool(self.navigator.turned.view.turns),
            chart_focused=isinstance(self.focused, ChartPanel),
            full_screen=self.has_class("-full"),
            in_projector=self.projector.is_on,
            has_room_for_projector=self.projector.has_room,
            in_grid=self.navigator.is_grid,
            has_room_for_grid=self.navigator.has_room_for_grid,
            in_lesson=lesson is not None,
            has_changes=bool(desk.changes.done),
            has_undone=bool(desk.changes.undone),
            has_question=classroom.next_question is not None,
            has_hint=classroom.has_hint,
            has_next_lesson=classroom.next_lesson is not None,
            in_browser=self.app.is_web,
            hidden_tools=frozenset(lesson.hide_tools if lesson else ()),
            hidden_panels=frozenset(lesson.hide_panels if lesson else ()),
        )

    def can(self, id: str) -> bool:
        """Whether an action can be done now."""
        return can(id, self.situation)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a binding does something now; Textual asks before it acts."""
        return self.can(str(parameters[0])) if action == "do" else True

    async def action_do(self, id: str, *values: str) -> None:
        """Do an action of the table of keys, and show what can be done after it."""
        done = getattr(self.commands, id)(*values)
        if isawaitable(done):
            await done
        if id in BY_ID:
            self.projector.echo(shown(BY_ID[id]), tr(BY_ID[id].label))
        self.show_keys()
        self.hints.show()

    def show_keys(self) -> None:
        """Show the keys that do something now."""
        now, order = self.situation, self.classroom.order
        if now.full_screen:
            order = tuple(each for each in order if each.id != "lessons")
            ranks = {id: rank for rank, id in enumerate(IN_FULL)}
            order = sorted(order, key=lambda action: ranks.get(action.id, len(ranks)))
        barred = {each.id for each in order if each.bar} | set(IN_FULL if now.full_screen else ())
        taken = RunsPanel.OWN_KEYS if self.focused is self.lab.runs else frozenset()
        able = [
            (each, shown(each))
            for each in order
            if each.id in barred and each.can(now) and each.key not in taken
        ]
        self.lab.keys.show(able)

    def on_key(self, event: Key) -> None:
        """Say why a key does nothing, also to what has the focus."""
        why = refusal(event.key, self.situation)
        if why and event.key not in self.active_bindings:
            tell(self, why)

    def has_field(self, key: str) -> bool:
        """Whether a key of the experiment can be edited: no lesson hides its panel."""
        panels = self.navigator.panels
        return any(key in form.heads for form in self.lab.forms if form in panels)

    def form_of(self, key: str) -> Form | None:
        """The form of a key; a choice that was just made may not have its fields there yet."""
        head = key.partition(".")[0]
        is_known = key in self.desk.experiment.flat()
        forms = self.lab.forms
        return next((f for f in forms if key in f.fields or (is_known and head in f.heads)), None)

    # What the panels announce ------------------------------------------------------------------

    @on(Edited)
    def edit(self, event: Edited) -> None:
        """Take over what was typed or chosen, or say why not."""
        if event.key == "pace":
            self.commands.set_pace(pace_named(event.text))
            return
        form = self.form_of(event.key)
        if form is None:
            return  # the field has gone with the choice that it belonged to
        changes = {event.key: event.text}

        # The field of what was typed as a command says something else, and the next value of it
        # brings another hint.
        refuse = partial(self.refuse, form, event.key, is_there=not event.is_command)

        def make() -> Experiment:
            return with_digest(self.desk.experiment.changed_by_text(changes))

        if request := waits({**self.desk.experiment.flat(), **changes}):
            take = partial(self.take_edit, form, event.key, refuse)
            self.commands.own_data.read(replace(request, make=make), take)
            return
        try:
            self.accept(form, event.key, make())
        except BadInput as error:
            refuse(str(error))

    @on(Input.Changed)
    def type(self, event: Input.Changed) -> None:
        """Have what is being typed tried, once it stands on the screen."""
        field = event.input
        if isinstance(field, TextField) and field.has_focus:
            self.live.type(field.key, field.value)
            self.weigh()
            self.call_after_refresh(self.look_ahead)

    def look_ahead(self) -> None:
        """Show what has come of trials, and ask for what is wanted now."""
        if self.live.look():
            with self.app.batch_update():
                self.lab.show_ahead(self.desk, not self.classroom.hides_theory)
                self.weigh()

    def take_edit(
        self, form: Form, key: str, refuse: Callable[[str], None], reading: Reading | None
    ) -> None:
        """Take over what was typed once its file is read; where that was given up, forget it."""
        if reading and reading.experiment:
            self.accept(form, key, reading.experiment)
        elif reading and reading.message:
            refuse(reading.message)
        else:
            self.lab.show_experiment(self.desk.experiment)

    def accept(self, form: Form, key: str, experiment: Experiment) -> None:
        """Make this the edited experiment."""
        self.desk.adopt(experiment)
        self.projector.echo(key, show(experiment.flat()[key]))
        form.refuse(key, "")
        self.hints.show()

    def refuse(self, form: Form, key: str, why: str, is_there: bool) -> None:
        """Say why a field cannot hold what was typed, there or elsewhere."""
        if is_there:
            form.refuse(key, why)
            self.hints.refuse(why)
        else:
            self.commands.setup.refuse(why)

    @on(Group.Wanted)
    def turn_to(self, event: Group.Wanted) -> None:
        """Go to the panel whose tab was clicked."""
        self.navigator.go_to(event.panel)

    @on(FitPanel.Wanted)
    def survey(self, event: FitPanel.Wanted) -> None:
        """Have the engine look at the plane that is to be drawn."""
        self.session.survey(event.asker, event.experiment, *event.survey)

    @on(CodePanel.Wanted)
    def write_code(self, event: CodePanel.Wanted) -> None:
        """Have the engine write the script that is to be shown."""
        self.session.write_code(event.experiment, event.dress)

    def on_fit_panel_moved(self) -> None:
        """Say what is held, and what came of it."""
        self.hints.show()

    @on(RunsPanel.Wanted)
    def serve_runs(self, event: RunsPanel.Wanted) -> None:
        """Do what the panel of runs asks for."""
        self.commands.shelf.do(event.act, event.row)

    def on_lesson_panel_answered(self) -> None:
        """Say why an answer was refused, or what to do."""
        self.hints.show()
        self.show_keys()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Bring the panel of the focused widget to the front, and say what it is for."""
        if self.navigator.arrive(event.widget):
            self.hints.show()
            self.call_after_refresh(self.show_keys)

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Something always has the focus; what was typed is applied, or not meant."""
        self.live.typed = None
        self.weigh()
        self.call_after_refresh(self.navigator.refocus)
