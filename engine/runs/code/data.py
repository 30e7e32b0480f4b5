"""The part of a script that makes the data: drawn anew, or read from a file."""

from __future__ import annotations

from dataclasses import dataclass

from engine.experiment import Experiment
from engine.problem import build, generator
from engine.runs.code.file import Written, file_lines, stacked
from engine.runs.code.quoting import Quotes
from engine.support.errors import BadInput
from engine.support.translation import tr


@dataclass(frozen=True)
class Sample:
    """The lines that make X and y, and what the rest of the script must know of them."""

    lines: list[str]
    is_double: bool
    """Whether they are float64."""
    has_held_out: bool
    device: str
    """Where they live; empty for the CPU."""

    def moved(self, tensor: str) -> str:
        """An expression on the device of the data."""
        return f'{tensor}.to("{self.device}")' if self.device else tensor


def seeded(seed: int, purpose: str) -> str:
    """The generator of a run for one purpose, made."""
    return f"torch.Generator().manual_seed({generator(seed, purpose).initial_seed()})"


def data_lines(experiment: Experiment, quotes: Quotes) -> Sample:
    """X and y to train on, and those held out; raises BadInput for a file it cannot read."""
    dataset = experiment.dataset()
    drawn = dataset.before_terms or dataset
    if dataset.is_measured:
        lines = file_lines(experiment, quotes)
    elif drawn.draw_features and drawn.labels:
        lines = [
            "# Data: points by hand",
            *quotes.statements(drawn.draw_features, "X"),
            f"y = torch.tensor({drawn.labels!r}).reshape(-1, 1)",
        ]
    elif drawn.draw_features is None or drawn.truth is None:
        allowed = tr("its data are not drawn, so there is no code that draws them")
        raise BadInput("data", experiment.data.name, allowed)
    else:
        lines = [
            f"# Data: {experiment.data.entry.formula}",
            f"generator = {seeded(experiment.seed, 'data')}",
            *quotes.statements(drawn.draw_features, "X"),
            *quotes.statements(drawn.truth.labels, "y"),
        ]
    if dataset.before_terms:
        columns = {
            column.name: Written(f"X[:, {index}]")
            for index, column in enumerate(dataset.before_terms.columns)
        }
        lines += ["X, y = X.double(), y.double()", *stacked(dataset.inputs.features, columns)]
    held_out = experiment.train_size < dataset.n
    if held_out:
        lines += split_lines(experiment)
    if experiment.is_standardized:
        lines += scaling_lines(experiment, held_out)
    device = "" if experiment.device in ("auto", "cpu") else experiment.device
    is_double = dataset.has_terms
    if device == "mps":
        is_double = False  # the only kind of device that has no float64
    if device:
        number = ".float()" if device == "mps" else ""
        for pair in (("X", "y"), ("X_val", "y_val"))[: 1 + held_out]:
            values = ", ".join(f'{name}{number}.to("{device}")' for name in pair)
            lines.append(f"{', '.join(pair)} = {values}")
    return Sample(lines, is_double, held_out, device)


def split_lines(experiment: Experiment) -> list[str]:
    """Some samples held out: those that the data mark, the last ones, or some at random."""
    dataset, n = experiment.dataset(), experiment.train_size
    if dataset.held_out is not None:
        pass  # the file's own lines have made `held_out`
    elif dataset.mixed:
        return [f"X, X_val = X[:{n}], X[{n}:]", f"y, y_val = y[:{n}], y[{n}:]"]
    else:
        return [
            "held_out = torch.ones(len(X), dtype=torch.bool)",
            f"generator = {seeded(experiment.seed, 'split')}",
            f"held_out[torch.randperm(len(X), generator=generator)[:{n}]] = False",
            "X, X_val = X[~held_out], X[held_out]",
            "y, y_val = y[~held_out], y[held_out]",
        ]
    return ["X, X_val = X[~held_out], X[held_out]", "y, y_val = y[~held_out], y[held_out]"]


def scaling_lines(experiment: Experiment, held_out: bool) -> list[str]:
    """Columns standardized by the rows to train on."""
    scaling = build(experiment.changed({"device": "cpu"})).scaling
    assert scaling
    lines = ["# Standardized, by the rows to train on"]
    deviations = {"X": scaling.deviations, "y": (scaling.y_deviation,)}
    for name, sizes in deviations.items():
        mean = f"{name} - {name}.mean(0)"
        spread = f"({mean}).square().sum(0).div(len({name}) - 1).sqrt()"
        if scaling.bias is None:
            spread = f"{name}.square().mean(0).sqrt()"
        elif experiment.train_size == 1:
            spread = f"torch.ones({len(sizes)})"
        elif 1.0 in sizes:  # mostly a constant column
            spread += (
                f"\ndeviations = deviations.where(deviations > 1e-14 * {name}.abs().amax(0), 1.0)"
            )
        means = "" if scaling.bias is None else f" - {name}.mean(0)"
        lines += f"deviations = {spread}".split("\n")
        for each in (f"{name}_val", name)[1 - held_out :]:
            centred = f"({each}{means})" if means else each
            lines.append(f"{each} = {centred} / deviations")
    return lines
