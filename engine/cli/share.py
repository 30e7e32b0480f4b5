"""`linreg-tui share`: an experiment as a line to send."""

from __future__ import annotations

import click

from engine.cli.common import takes_experiment
from engine.cli.output import say
from engine.experiment import Experiment
from engine.runs.share import command_line, link


@click.command("share")
@takes_experiment
@click.option("--link", "as_link", is_flag=True, help="As ?v=1&lr=0.1, without your folders.")
@click.option("--toml", is_flag=True, help="As the TOML file that --experiment takes.")
def share(experiment: Experiment, as_link: bool, toml: bool) -> int:
    """Print one experiment as the command that opens it: what differs from the baseline.

    A link may stand wherever a lesson may. LESSON, FILE and -s are those of `linreg-tui run`.
    """
    if toml:
        say(experiment.to_toml().removesuffix("\n"))
    else:
        say(link(experiment) if as_link else command_line(experiment))
    return 0
