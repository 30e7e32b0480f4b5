"""What a run came to, in plain numbers that can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from engine.catalog.parameters import Values
from engine.experiment import Experiment
from engine.support.translation import Message
from engine.theory.facts import Facts
from engine.theory.floor import Floor, Standing
from engine.training.events import Diverged, EpochEnded, Event, Finished, Started, Stepped
from engine.training.series import Points, Series
from engine.training.snapshot import State, error_of, quantities
from engine.training.verdicts import Course, standing, vanishes

if TYPE_CHECKING:
    from engine.theory.autopsy import Autopsy


@dataclass(frozen=True)
class Record:
    """What a run came to; `to_dict` and `from_dict` are inverse."""

    experiment: Experiment
    state: State
    """How it ended: finished or diverged."""
    reason: Message | str
    """Why it ended where it did; empty where all its epochs are done."""
    epoch: int
    step: int
    loss: float
    """Mean loss over all the data at the end; of a diverged run that of its last minibatch."""
    epoch_losses: Points
    """x in epochs, from the start at 0; neighbours are merged where there are very many."""
    validation_losses: Points
    params: Values
    grads: Values
    """In the last minibatch of the last whole epoch."""
    error: Values
    """Estimate − true for each parameter that has a true value."""
    quantities: Mapping[str, tuple[float, float | None, str]]
    """Physical quantities by name: value, true value if there is one, unit."""
    optimum: Values
    """Where the chosen loss and penalty are smallest; empty where nothing is known of it."""
    has_closed_form: bool
    floor: Floor
    autopsy: Autopsy | None
    """Why the run diverged, if it did."""
    is_stuck: bool
    """Whether the last step was lost in rounding."""
    seconds: float
    """Time spent training."""
    r2: float | None = None
    """At the end, of the rows to train on; None where there is none, and of a diverged run."""
    validation_r2: float | None = None
    """Of the rows held out, if any are."""

    @property
    def standing(self) -> Standing | Course | Literal["diverged"]:
        """Where the loss at the end stands; above the floor, where it was heading."""
        if self.state == "diverged":
            return "diverged"
        return standing(self.floor, self.loss, self.epoch_losses.low, lambda: self.is_stuck)

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values; numbers that are not finite stay as they are."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("epoch_losses", "validation_losses", "floor", "autopsy"):
            values[name] = values[name] and asdict(values[name])
        return {**_plain(values), "experiment": self.experiment.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """The record of which these are the values, lists in the place of tuples or not."""
        from engine.theory.autopsy import Autopsy  # brings torch
        from engine.theory.remedy import Remedy, Way
        from engine.theory.stability import Limit

        plain = dict(values)
        for name in ("params", "grads", "error", "optimum"):
            plain[name] = _tuples(plain[name])
        plain["reason"] = _message(plain["reason"])
        plain["quantities"] = _tuples(plain["quantities"])
        plain["experiment"] = Experiment.from_dict(plain["experiment"])
        plain["floor"] = Floor(**plain["floor"])
        for name in ("epoch_losses", "validation_losses"):
            plain[name] = Points(**_tuples(plain[name]))
        if cause := plain["autopsy"]:
            limit = Limit(**{**cause["limit"], "name": _message(cause["limit"]["name"])})
            heading = _tuples(cause["heading"])
            remedy = cause["remedy"] and {
                **cause["remedy"],
                **{name: Way(**cause["remedy"][name]) for name in ("smaller", "standardized")},
            }
            parts = {"limit": limit, "heading": heading, "remedy": remedy and Remedy(**remedy)}
            plain["autopsy"] = Autopsy(**{**cause, **parts})
        return cls(**plain)


def _plain(value: Any) -> Any:
    """A nested value with each message as its text and its values."""
    if isinstance(value, Message):
        return {"text": value.text, "values": _plain(value.values)}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return value


def _message(plain: Any) -> Any:
    """The message of which these are the text and the values; any other value as it is."""
    if not isinstance(plain, Mapping):
        return plain
    return Message(plain["text"], **{key: _message(x) for key, x in plain["values"].items()})


def _tuples(values: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(numbers) for name, numbers in values.items()}


class Recorder:
    """Folds the events of one run into what it came to; a step costs next to nothing."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.facts: Facts | None = None
        self.ending: Finished | Diverged | None = None
        """The last event of a run that the trainer has ended."""
        self.step = self.first = 0
        """Steps taken, and those of them that were another run's, which this one goes on from."""
        self.epoch = 0
        """Epochs completed."""
        self.loss: float | None = None
        """Loss over all the data after them."""
        self.params: Values = {}
        """As they were seen last."""
        self.grads: Values = {}
        """Gradient in the last minibatch of an epoch."""
        self.epoch_losses = Series()
        self.validation_losses = Series()

    def fold(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case Stepped():
                self.step = event.step
            case EpochEnded():
                self.epoch, self.loss = event.epoch, event.loss
                self.params, self.grads = event.params, event.grads
                self.epoch_losses.add(event.epoch, event.loss)
                if event.validation is not None:
                    self.validation_losses.add(event.epoch, event.validation)
            case Started():
                self.facts, per_epoch = event.facts, event.facts.steps_per_epoch
                self.loss, self.params = event.facts.start_loss, event.facts.start
                self.step = self.first = event.fork.step if event.fork else 0
                self.epoch = self.step // per_epoch
                self.epoch_losses.add(self.step / per_epoch, self.loss)
            case Finished() | Diverged():
                self.ending = event

    def record(self, seconds: float) -> Record:
        """What the run came to, once the trainer has ended it, in so many seconds of training."""
        end, facts = self.ending, self.facts
        assert end
        assert facts
        diverged = isinstance(end, Diverged)
        lr = self.experiment.lr * float(self.experiment.lr_factors(end.step - 1, 1)[0])
        plain = self.experiment.optimizer.entry.is_plain
        return Record(
            experiment=self.experiment,
            state="diverged" if diverged else "finished",
            reason=end.reason or "",
            epoch=end.epoch,
            step=end.step,
            loss=end.loss,
            epoch_losses=self.epoch_losses.points(),
            validation_losses=self.validation_losses.points(),
            params=facts.original(end.params),
            grads=facts.original_grads(self.grads),
            error=error_of(facts.original(end.params), facts.original(facts.true)),
            quantities=quantities(self.experiment, end.params, facts),
            optimum=facts.original(facts.optimum),
            has_closed_form=facts.has_closed_form,
            floor=facts.floor,
            autopsy=end.autopsy if isinstance(end, Diverged) else None,
            is_stuck=plain and vanishes(lr, end.params, self.grads, facts.digits),
            seconds=seconds,
            r2=None if isinstance(end, Diverged) else end.r2,
            validation_r2=None if isinstance(end, Diverged) else end.validation_r2,
        )
