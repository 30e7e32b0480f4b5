"""An experiment as one line that a person can read and send: what differs from the baseline."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

from engine.catalog.dataset import Dataset
from engine.data.formula import Factor
from engine.experiment import Experiment
from engine.support.errors import BadInput
from engine.support.translation import tr

VERSION = "1"
"""Of links; another one follows when a key gets another meaning."""
LINK = "?"
"""What a link begins with."""


def command_line(experiment: Experiment) -> str:
    """The command that opens an experiment, quoted for a shell: `linreg-tui -s lr=0.1`."""
    pairs = experiment.typed()
    # Without any setting the app would open the experiment of the last time.
    pairs = pairs or {"data": experiment.data.name}
    options = (f"-s {shlex.quote(f'{key}={text}')}" for key, text in pairs.items())
    return " ".join(("linreg-tui", *options))


def link(experiment: Experiment) -> str:
    """The same for others: `?v=1&data=ohm&data.R=47`, percent-encoded.

    A file is told by its name without its folder, its SHA-256 and the columns in use.
    """
    if experiment.data.name == "file":
        experiment = told(experiment)
    pairs = experiment.typed()
    if path := pairs.get("data.path"):
        pairs["data.path"] = Path(path).name
    query = urlencode(
        {"v": VERSION, **pairs}, safe=",:~/", quote_via=quote, errors="surrogateescape"
    )
    return LINK + query


def is_link(text: str) -> bool:
    """Whether a text is a link, not the name of a lesson or a file."""
    return text.startswith(LINK)


def changes_of(text: str) -> dict[str, str]:
    """The changes to the baseline that a link tells, as a person types them; raises BadInput."""
    try:
        pairs = dict(
            parse_qsl(
                text.removeprefix(LINK),
                keep_blank_values=True,
                strict_parsing=True,
                errors="surrogateescape",
            )
        )
    except ValueError:
        allowed = tr(
            "must be key=value with & between them, as in {example}", example="?v=1&lr=0.1"
        )
        raise BadInput(LINK, text, allowed) from None
    version = pairs.pop("v", VERSION)
    if version != VERSION:
        raise BadInput("v", version, tr("this version of the app reads v=1"))
    return pairs


def told(experiment: Experiment) -> Experiment:
    """An experiment on a file that says which bytes and columns it is about."""
    dataset = experiment.dataset()
    experiment = experiment.changed({"data.sha256": dataset.sha256})
    if experiment.data.options["terms"].strip():
        return experiment
    try:
        return experiment.changed({"data.terms": columns_of(dataset)})
    except BadInput:  # a name that no formula can have
        return experiment


def columns_of(dataset: Dataset) -> str:
    """A formula of the columns of a file that were used unasked."""
    names = [each.name for each in dataset.inputs.columns]
    return f"{Factor(dataset.target.name)} ~ {' + '.join(str(Factor(name)) for name in names)}"
