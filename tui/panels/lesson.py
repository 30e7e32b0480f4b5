"""The Lesson panel: the text, the forecasts before a run and what came of them, the goals."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from engine.lessons.attempt import Attempt, Forecast
from engine.lessons.lesson import Lesson, Question
from engine.support.errors import BadInput, show
from engine.support.translation import tr
from engine.training.snapshot import Snapshot
from tui.forms.fields import Choice, Edited, Picker, Row, TextField
from tui.text.numbers import rounded
from tui.text.prose import blocks, phrase
from tui.text.wrap import Block, Prose

GOOD, BAD = "$text-success", "$text-error"


class LessonPanel(VerticalScroll, can_focus=True, inherit_bindings=False):
    """One go at a lesson, to be read, answered and ticked off from top to bottom."""

    BINDINGS = [
        Binding("up", "scroll_up", show=False),
        Binding("down", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]

    class Answered(Message):
        """A forecast was committed, or refused."""

    def __init__(self, attempt: Attempt, following: str, id: str) -> None:
        super().__init__(id=id)
        self.attempt = attempt
        self.following = following
        """What to do once all goals are reached."""
        self.hints: set[int] = set()
        """Numbers of the goals whose hints are shown."""
        self.training = False
        """Whether a run is on its way: then no forecast is taken."""
        self.news: Widget | None = None
        """What a run or a tool has changed last."""
        self.news_y = 0.0
        """How far down it was scrolled to."""
        # Keys and runs may ask for these before they are on the screen.
        questions, goals = attempt.lesson.questions, attempt.lesson.goals
        self.questions = [
            QuestionBox(number, question) for number, question in enumerate(questions)
        ]
        self.goals = [Prose(()) for _ in goals]
        self.closing = Prose(())

    @property
    def lesson(self) -> Lesson:
        """The lesson that this is a go at."""
        return self.attempt.lesson

    def compose(self) -> ComposeResult:
        """Text, questions, goals."""
        yield Prose(blocks(self.lesson.body))
        if self.questions:
            yield Prose([heading(tr("Predict, then run"))], classes="section")
        yield from self.questions
        if self.goals:
            yield Prose([heading(tr("Goals"))], classes="section")
        yield from self.goals
        yield self.closing

    def on_mount(self) -> None:
        """Fill in what changes."""
        self.update()

    # What is known ---------------------------------------------------------------------------

    def look(self, run: Snapshot) -> list[str]:
        """A run has come to an end or to a pause; returns the news, a line each."""
        return self.follow(lambda: self.attempt.look(run))

    def use(self, name: str) -> list[str]:
        """A tool or view was opened; returns the news, a line each."""
        return self.follow(lambda: self.attempt.use(name))

    def follow(self, tell: Callable[[], None]) -> list[str]:
        """Tell the attempt something, show what comes of it, and scroll to the first of it."""
        settled, met = self.settled(), set(self.attempt.met)
        tell()
        self.update()
        verdicts, goals = sorted(self.settled() - settled), sorted(self.attempt.met - met)
        changed = [self.questions[i] for i in verdicts] + [self.goals[i] for i in goals]
        if changed:
            self.news = changed[0]
            self.call_after_refresh(self.scroll_to_news)
        verdict_words = [
            tr("✓ forecast right") if self.attempt.forecasts[i].right else tr("✗ forecast wrong")
            for i in verdicts
        ]
        return verdict_words + [f"✓ {phrase(self.lesson.goals[i].text).plain}" for i in goals]

    def scroll_to_news(self) -> None:
        """Put what is new at the top, as far as there is text below it."""
        if self.news:
            self.scroll_to_widget(self.news, top=True, immediate=True)
            self.news_y = self.scroll_target_y

    def watch_virtual_size(self) -> None:
        """Go on to the news where the text above has grown, unless someone has scrolled since."""
        if self.news and self.news_y == self.scroll_target_y:
            self.call_after_refresh(self.scroll_to_news)

    @property
    def done(self) -> bool:
        """Whether there were goals and all are reached."""
        return bool(self.lesson.goals) and self.attempt.done

    def settled(self) -> set[int]:
        """The numbers of the questions that a run has settled."""
        forecasts = self.attempt.forecasts.items()
        return {number for number, forecast in forecasts if forecast.right is not None}

    # What is shown ---------------------------------------------------------------------------

    def update(self) -> None:
        """Show verdicts, goals, hints, and what to do next."""
        for box in self.questions:
            box.show(self.attempt.forecasts.get(box.number), self.training)
        for number, (goal, prose) in enumerate(zip(self.lesson.goals, self.goals, strict=True)):
            met = number in self.attempt.met
            mark = Content.styled("✓ ", GOOD) if met else Content("○ ")
            lines = [Block(Content.assemble(mark, phrase(goal.text)), hang="  ")]
            if number in self.hints and not met:
                hint = phrase(tr("Hint: {hint}", hint=goal.hint)).stylize("italic")
                lines.append(Block(hint, "  ", "  "))
            prose.put(lines)
        self.closing.put(self.ending())

    def next_step(self) -> Content:
        """The question that is open, or else the next goal."""
        lesson, attempt = self.lesson, self.attempt
        blank = (n for n in range(len(lesson.questions)) if n not in attempt.forecasts)
        ahead = (n for n in range(len(lesson.goals)) if n not in attempt.met)
        if not self.training and (question := next(blank, None)) is not None:
            return Content.assemble("? ", phrase(lesson.questions[question].ask))
        if (goal := next(ahead, None)) is not None:
            return Content.assemble("○ ", phrase(lesson.goals[goal].text))
        return Content(self.following)

    def ending(self) -> list[Block]:
        """The last lines: how many goals and forecasts, and what comes next."""
        attempt, lines = self.attempt, [Block(Content())]
        right, asked = attempt.score
        if asked:
            score = tr("Forecasts right: {right} of {asked}.", right=right, asked=asked)
            lines.append(Block(Content(score)))
        if self.done:
            lines.append(Block(Content.styled(tr("All goals are reached."), GOOD)))
            lines.append(Block(Content(self.following)))
        return lines if len(lines) > 1 else []

    def train(self, training: bool) -> None:
        """A run has set off, or is over."""
        if training != self.training:
            self.training = training
            self.update()

    # Questions and hints ---------------------------------------------------------------------

    def next_question(self) -> TextField | Picker | None:
        """The field of the next open question, after the one in focus."""
        boxes = [box for box in self.questions if box.field.display]
        here = next((box.number for box in boxes if box.field.has_focus), -1)
        after = [box for box in boxes if box.number > here] + boxes
        blank = [box for box in after if box.number not in self.attempt.forecasts]
        return next((box.field for box in [*blank, *after]), None)

    @property
    def has_open_question(self) -> bool:
        """Whether there is a question without a forecast, which a run would settle."""
        return any(
            box.field.display and box.number not in self.attempt.forecasts for box in self.questions
        )

    def hidden_hints(self) -> list[int]:
        """Numbers of the goals that have a hint which is not shown yet."""
        return [
            number
            for number, goal in enumerate(self.lesson.goals)
            if goal.hint and number not in self.hints and number not in self.attempt.met
        ]

    def next_hint(self) -> None:
        """Show one hint more."""
        for number in self.hidden_hints()[:1]:
            self.hints.add(number)
            self.update()
            self.call_after_refresh(self.scroll_to_widget, self.goals[number])

    @on(Edited)
    def take(self, event: Edited) -> None:
        """Commit a forecast, or say why not."""
        event.stop()
        box = next(box for box in self.questions if box.field.key == event.key)
        try:
            if self.training:
                raise BadInput("answer", event.text, tr("the run is on its way"))
            if event.text == box.blank:
                self.attempt.withdraw(box.number)
            else:
                self.attempt.predict(box.number, event.text)
        except BadInput as error:
            box.refuse(str(error))
        else:
            box.refuse("")
            self.update()
        self.post_message(self.Answered())

    def help(self, field: TextField | Picker) -> str:
        """What to do in a field."""
        if isinstance(field, TextField):
            return tr("Your forecast, before the run: type a number, enter commits it.")
        return tr(
            "Your forecast, before the run: ← → turn the answers, enter lists them, "
            "esc takes it back."
        )


def heading(text: str) -> Block:
    """What stands over a part of the panel."""
    return Block(Content.styled(text, "bold"))


class AnswerField(TextField):
    """A number that is forecast."""

    def leave(self) -> None:
        """Back to the text."""
        if self.is_attached:
            self.screen.set_focus(self.query_ancestor(LessonPanel))


class QuestionBox(Vertical):
    """A question, its answers, and the field or what was said in its place."""

    def __init__(self, number: int, question: Question) -> None:
        super().__init__()
        self.number, self.question = number, question
        self.choices = tuple(
            Choice(show(answer), f"{answer} {phrase(choice.text).plain}")
            for answer, choice in enumerate(question.choices, 1)
        )
        self.blank = tr("your answer") if self.choices else ""
        """What stands in the field where there is no forecast."""
        key = tr("Question {number}", number=number + 1)
        self.field: TextField | Picker = (
            Picker(key, self.blank, self.choices) if self.choices else AnswerField(key, "")
        )
        if isinstance(self.field, TextField):
            self.field.placeholder = tr("your number")
        self.outcome = Prose(())

    def compose(self) -> ComposeResult:
        """The question with its answers, the field, the verdict."""
        answers = [
            Block(Content.assemble(f"{answer} ", phrase(choice.text)), "  ", "    ")
            for answer, choice in enumerate(self.question.choices, 1)
        ]
        yield Prose([Block(Content.assemble("? ", phrase(self.question.ask)), hang="  "), *answers])
        yield self.field
        yield self.outcome

    def show(self, forecast: Forecast | None, training: bool) -> None:
        """Show the field while it can be answered, else what was said and what came of it."""
        settled = forecast is not None and forecast.right is not None
        closed = settled or training
        if closed and self.field.has_focus:
            self.screen.set_focus(self.query_ancestor(LessonPanel))
        self.field.display = not closed
        if closed and isinstance(self.field, TextField):
            self.field.value = self.field.applied
            self.field.forget()
        said = show(forecast.answer) if forecast else self.blank
        self.field.put(Row(self.field.key, "", said, self.choices))
        self.outcome.put([Block(self.verdict(forecast), "  ", "  ")] if closed else [])

    def refuse(self, trouble: str) -> None:
        """Mark the answer as not allowed, or take the mark off."""
        if isinstance(self.field, TextField):
            self.field.refuse(trouble)

    def verdict(self, forecast: Forecast | None) -> Content:
        """What was said, what was measured, and whether it was right."""
        if forecast is None:
            return Content.styled(tr("No forecast was made."), "dim")
        choices = self.question.choices
        said = phrase(choices[int(forecast.answer) - 1].text).plain if choices else ""
        parts = [
            tr("you said: {said}", said=said)
            if said
            else tr("you said {said:.4g}", said=rounded(forecast.answer))
        ]
        if forecast.measured is not None:
            parts.append(tr("measured {measured:.4g}", measured=rounded(forecast.measured)))
        line = " · ".join(parts)
        if forecast.right is None:
            return Content(line)
        mark, word, color = ("✓", tr("right"), GOOD) if forecast.right else ("✗", tr("wrong"), BAD)
        verdict = Content.assemble(line, " · ", (f"{mark}\N{NO-BREAK SPACE}{word}", color))
        if forecast.why:
            verdict = Content.assemble(verdict, f": {forecast.why}")
        if not forecast.right and forecast.true and choices:
            truth = phrase(choices[forecast.true - 1].text).plain
            verdict = Content.assemble(verdict, " · ", tr("it was: {truth}", truth=truth))
        return verdict
