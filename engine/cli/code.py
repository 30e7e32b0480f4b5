"""`linreg-tui code`: an experiment as a script for PyTorch."""

from __future__ import annotations

import click

from engine.cli.common import takes_experiment
from engine.cli.output import busy_with, say
from engine.experiment import Experiment
from engine.runs.code import DRESSES, Dress, dress_of
from engine.support.translation import tr


@click.command("code")
@takes_experiment
@click.option(
    "--dress", type=click.Choice(DRESSES), help="As d2l §3.2 or §3.3 has it; else as the loop."
)
def code(experiment: Experiment, dress: Dress | None) -> int:
    """Print one experiment as a short script that leans on PyTorch alone.

    Run as `python script.py` on a CPU, it prints the losses that `linreg-tui run` prints with the
    loop of that name. LESSON, FILE and -s are those of `linreg-tui run`.
    """
    with busy_with(tr("writing the code")):
        from engine.runs.code.script import code_of

        text = code_of(experiment, dress or dress_of(experiment)).text
    say(text.removesuffix("\n"))
    return 0
