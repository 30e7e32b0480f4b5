"""A question to the session, and the screen that shows its answer."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

from tui.backend import Backend, hurry
from tui.overlay import open_over, tell
from tui.screens.finder import FinderScreen
from tui.screens.theory import StudyScreen

SOON, LOOKS = 1 / 200, 60
"""Seconds between two looks for an answer that may come at once, and how many they are."""
AnswerScreen = type[StudyScreen] | type[FinderScreen]


class Inquiry:
    """What was asked of the session last.

    Of several keys in one burst each asks; only the last one opens its screen, and once.
    """

    def __init__(
        self, screen: Screen[None], session: Backend, take_lr: Callable[[float | None], None]
    ) -> None:
        self.screen, self.session, self.take_lr = screen, session, take_lr
        self.answer = session.answer
        """The answer that was looked at last."""
        self.wanted: AnswerScreen | None = None
        """What the answer to the last question is shown by; None once it has been."""
        self.looks: Timer | None = None
        """The looks for it that come soon."""

    def ask(self, question: Callable[[], None], wanted: AnswerScreen) -> None:
        """Put a question to the session; `wanted` will show the answer."""
        self.wanted = wanted
        question()
        self.hurry()

    def hurry(self) -> None:
        """Look for the answer more often than the screen does, in the time that most take."""
        if self.looks:
            self.looks.stop()
        self.looks = self.screen.set_interval(SOON, self.look, repeat=LOOKS)

    def skip(self) -> None:
        """Leave an answer to whoever has asked for it meanwhile."""
        self.answer = self.session.answer

    def look(self) -> None:
        """Show a new answer, or why there is none, unless another screen is in the way."""
        answer, wanted = self.session.answer, self.wanted
        if answer is self.answer or not self.screen.is_active:
            return
        self.answer = answer
        hurry(self.session)
        if self.looks:
            self.looks.stop()
        if isinstance(answer, str):
            tell(self.screen, answer)
            return
        from engine.jobs.finder import Finding  # bring torch, which is there when an answer is
        from engine.theory.study import Study

        if wanted is FinderScreen and isinstance(answer, Finding):
            self.wanted = None
            open_over(self.screen, FinderScreen(answer), self.take_lr)
        elif wanted and issubclass(wanted, StudyScreen) and isinstance(answer, Study):
            self.wanted = None
            open_over(self.screen, wanted(answer))
