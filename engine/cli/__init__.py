"""The headless front end: the same trainer as the screen's, printing instead of drawing."""

from engine.cli.about import doctor
from engine.cli.code import code
from engine.cli.common import is_data, leave, main, pairs_of, read_experiment, takes_experiment
from engine.cli.completion import completion
from engine.cli.data import data
from engine.cli.interrupts import hearing_interrupts
from engine.cli.lessons import check, lesson, lessons
from engine.cli.manual import man
from engine.cli.output import say
from engine.cli.predict import predict
from engine.cli.race import race
from engine.cli.run import run
from engine.cli.runs import runs
from engine.cli.share import share
from engine.cli.summary import summary
from engine.cli.sweep import find_learning_rate, sweep, sweep_merge
from engine.cli.theory import theory

COMMANDS = (
    run, sweep, sweep_merge, race, find_learning_rate, theory, data, summary, predict, code,
    share, runs, lessons, check, lesson, doctor, completion, man,
)  # fmt: skip

__all__ = [
    "COMMANDS", "hearing_interrupts", "is_data", "leave", "main", "pairs_of",
    "read_experiment", "say", "takes_experiment",
]  # fmt: skip
