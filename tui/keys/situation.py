"""What decides which actions can be done."""

from __future__ import annotations

from dataclasses import dataclass

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
    is_retracing: bool = False
    """Whether a fork is on its way to where it begins."""
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
