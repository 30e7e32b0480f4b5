"""What the line of hints says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from textual.screen import Screen
from textual.widget import Widget

from engine.catalog.param import Param, Text
from engine.support.translation import in_words, tr
from tui.forms.fields import Picker, TextField
from tui.keys.in_use import in_use, key_of
from tui.panels.fit import FitPanel
from tui.panels.gauge import knows, limit_words
from tui.panels.reading import advice
from tui.panels.training import PACE
from tui.screens.classroom import Classroom
from tui.screens.desk import Desk
from tui.screens.lab import Lab
from tui.text.numbers import count


class Hints:
    """Help for whatever has the focus, and what is wrong anywhere on the screen."""

    def __init__(self, screen: Screen[None], lab: Lab, desk: Desk, classroom: Classroom) -> None:
        self.screen, self.lab, self.desk, self.classroom = screen, lab, desk, classroom

    def show(self) -> None:
        """Show the help of the focused field, or what to do at all."""
        focused = self.screen.focused
        if not isinstance(focused, TextField | Picker):
            self.show_beside_fields(focused)
        elif isinstance(focused, TextField) and focused.trouble:
            self.refuse(focused.trouble)
        elif text := self.classroom.help(focused) or self.help(focused.key, focused.value):
            self.say(text)

    def show_beside_fields(self, focused: Widget | None) -> None:
        """Show what is wrong, what the forms wait for, or what can be done here."""
        if trouble := next(filter(None, self.refusals()), ""):
            self.refuse(trouble)
        elif focused is self.lab.runs:
            self.say(self.usual(focused))
        elif (what_to_try := advice(self.desk.snapshot)) and not self.desk.looked_at:
            self.lab.hint.say(what_to_try, refused=True)
        elif self.desk.is_ahead:  # the lr is taken over at once
            self.say(
                tr(
                    "The changes apply at the next start: press {start} when this run is over.",
                    start=key_of("start"),
                )
            )
        else:
            self.say(self.usual(focused))

    def refusals(self) -> Iterator[str]:
        """What is wrong with each field of the forms and of the lesson; empty where nothing is."""
        panel = self.classroom.panel
        questions = [box.field for box in panel.questions] if panel else []
        for field in chain(*(form.fields.values() for form in self.lab.forms), questions):
            if isinstance(field, TextField):
                yield field.trouble

    def say(self, text: str) -> None:
        """Show a sentence; what is done by hand has no other place for its keys."""
        by_hand = isinstance(self.screen.focused, FitPanel) and self.screen.focused.hand
        self.lab.hint.say(text, needed=bool(by_hand))

    def refuse(self, reason: str) -> None:
        """Show why something cannot be."""
        self.lab.hint.refuse(reason)

    def usual(self, focused: Widget | None) -> str:
        """What can be done where nothing is wrong: in the lesson, on the second chart, at all."""
        snapshot = self.desk.snapshot
        if focused is not None and focused is self.classroom.panel:
            return tr("↑ ↓ page up and down scroll the text · tab goes to the next panel")
        if focused is self.lab.code:
            return tr(
                "{statement} executes one statement · {minibatch} the minibatch · ↑ ↓ scroll ·"
                " {listing} back to the chart",
                **in_use(),
            )
        if self.desk.clock.run:
            return tr(
                "← → a step, {epoch_back} {epoch_on} an epoch, {first_step} {last_step} to the "
                "ends · {play} plays · {fork} goes on from here with other settings · {leave}: now",
                **in_use(),
            )
        if isinstance(focused, FitPanel) and focused.hand:
            return focused.hand.words(focused.over)
        if focused is self.lab.runs:
            return tr(
                "↑ ↓ show a run in every panel · space puts it on the charts · {pin} pins it · "
                "enter takes its settings back · c names it · / filters all · d removes it",
                **in_use(),
            )
        if isinstance(focused, FitPanel) and focused.view.reading:
            return tr(focused.view.reading, **in_use())
        if snapshot.state == "finished" and snapshot.message:
            # 80 columns have no other room.
            message = in_words(snapshot.message)
            if message[1:2].isalpha():  # a symbol, as n, stays what it is
                message = message[0].upper() + message[1:]
            return tr("{message}.", message=message)
        return tr(
            "← → step in time · {zoom_in} {zoom_out} zoom · {view} view · {fullscreen} full screen",
            **in_use(),
        )

    def help(self, key: str, value: str) -> str:
        """What a key of the experiment is, and what its value means."""
        experiment = self.desk.experiment
        if key != "pace" and key not in experiment.flat():
            return ""  # the field is about to go with the choice that it belonged to
        param = PACE if key == "pace" else experiment.param(key)
        if isinstance(param, Param):
            about = {}
            if isinstance(param, Text):
                about = dict(zip(param.choices, param.about, strict=False))
            own = tr(about.get(value, "")), self.measured(key)
            general = tr(param.what), tr(param.why), tr(param.extremes)
            return " ".join(filter(None, (*own, *general)))
        entry = experiment.choice(key).entry
        return f"{tr(param.what)} {tr(entry.label)}: {entry.formula}. {tr(entry.help)}"

    def measured(self, key: str) -> str:
        """What was measured here about `lr`, its limit, and about `loop`, its last speed."""
        desk = self.desk
        if key == "lr":
            return limit_words(desk.at_hand) if knows(desk.at_hand, desk.experiment) else ""
        runs = (run for run in reversed(desk.runs) if key == "loop" and run.seconds)
        same = (run for run in runs if run.experiment.loop == desk.experiment.loop)
        run = next(same, None)
        if run is None:
            return ""
        return tr("Measured here: {speed} steps/s.", speed=count(run.steps_per_second))
