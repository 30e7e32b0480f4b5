"""Scripts print what the loops of the lab come to, and hold nothing that they do not use."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.choice import REGISTRIES
from engine.catalog.registry import Entry
from engine.experiment import Experiment
from engine.kernels.shuffle import permutation
from engine.own_data import experiment_on
from engine.problem import build
from engine.runs.code import DRESSES, Dress
from engine.runs.code.script import code_of
from engine.runs.code.shuffling import shuffled
from engine.support.errors import BadInput
from engine.training.controls import Controls
from engine.training.loops import EpochEnd, load
from engine.training.verdicts import Patience
from tests.support import strategies
from tests.support.commands import cli
from tests.support.examples import tries
from tests.support.paths import ROOT
from tests.support.strategies import every_entry, tame_experiments

FITTING: dict[str, dict[str, object]] = {
    "data.wien": {"model": "wien"},
    "model.ohm": {"data": "ohm", "model": "ohm"},
    "model.wien": {"data": "wien"},
    "model.planck": {"data": "planck"},
    "data.file": {"standardize": "yes", "batch_size": 7},
}
"""What entries need beside them."""


def printed(script: str) -> list[str]:
    """What a script prints, run in this process."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
    return shown.getvalue().splitlines()


def lines_of(experiment: Experiment) -> list[str]:
    """The lines of the epochs as `linreg-tui run` prints them; no run is ended for diverging."""
    problem = build(experiment)
    has_held_out = len(problem.held_out[0]) > 0
    patience, lines = Patience(experiment.patience), list[str]()
    for progress in load(experiment.loop)(problem, Controls(experiment.lr)).run():
        if isinstance(progress, EpochEnd):
            loss = progress.loss
            lines.append(f"epoch {len(lines) + 1}, loss {loss:.6g}")
            if has_held_out:
                loss = problem.validation_loss(progress.params) or 0.0
                lines[-1] += f", validation loss {loss:.6g}"
            if patience.look(len(lines), loss) or len(lines) == experiment.epochs:
                break
    return lines


def assert_same(experiment: Experiment, dress: Dress) -> None:
    """The script prints the losses of the loop."""
    script = code_of(experiment, dress).text
    assert printed(script) == lines_of(experiment.changed({"loop": dress})), script


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize(
    ("key", "entry"),
    [
        pytest.param(key, *each.values, id=each.id)
        for key in REGISTRIES
        for each in every_entry(key)
    ],
)
def test_the_script_of_every_entry(key: str, entry: Entry, dress: Dress) -> None:
    changes = {key: entry.name, "device": "cpu", "epochs": 2, "lr": 0.01, "batch_size": 32}
    changes |= FITTING.get(f"{key}.{entry.name}", {})
    experiment = Experiment().changed(changes)
    if "n" in experiment.data.options:
        experiment = experiment.changed({"data.n": 70})
    assert_same(experiment, dress)


@given(data=st.data(), dress=st.sampled_from(DRESSES))
@tries(100)
def test_the_script_of_any_experiment(data: st.DataObject, dress: Dress) -> None:
    with pytest.MonkeyPatch.context() as patch:
        models = ("linear", "ohm", "two_layer")
        patch.setattr(strategies, "LINEAR", {**strategies.LINEAR, "model": models})
        experiment = data.draw(tame_experiments(loop="scratch"))
    assert_same(experiment.changed({"reshape": data.draw(st.booleans())}), dress)


@pytest.mark.parametrize("as_printed", [False, True])
@pytest.mark.parametrize("label", ["log", "peak", "SI"])
@pytest.mark.parametrize("parameter", ["ln_T", "tau", "kelvin"])
def test_a_law_is_taken_apart(parameter: str, label: str, as_printed: bool) -> None:
    experiment = Experiment(epochs=1, lr=1e-3, device="cpu").changed({
        "data": "planck", "data.label": label, "data.n": 40, "model": "planck",
        "model.parameter": parameter, "model.as_printed": as_printed, "loss": "squared",
    })  # fmt: skip
    for dress in DRESSES:
        assert_same(experiment, dress)


# Files --------------------------------------------------------------------------------------

FILES = ROOT / "tests/engine/data/files"


@pytest.mark.parametrize(
    "name",
    [
        "bom", "category", "dates", "dummy_trap", "leading_zero_id", "no_header", "norris",
        "quoted_newline", "semicolon_decimal_comma", "thousands", "units_row", "wampler1",
    ],
)  # fmt: skip
def test_the_script_reads_a_file(name: str) -> None:
    experiment = experiment_on(str(FILES / f"{name}.csv"), {"epochs": "3", "lr": "0.01"})
    assert_same(experiment, "scratch")


@pytest.mark.parametrize(
    "settings",
    [
        {"data.terms": "price ~ area*rooms + log(age)", "validation_split": "0.2"},
        {"data.terms": "log(price) ~ area^2 + C(rooms) - 1", "data.split": "ordered"},
        {"data.terms": "price ~ . - age", "standardize": "no", "lr": "1e-9"},
        {"data.terms": "price^2 ~ area", "validation_split": "0.5", "optimizer": "adam"},
    ],
)
@pytest.mark.parametrize("dress", DRESSES)
def test_the_script_makes_the_terms(settings: dict[str, str], dress: Dress) -> None:
    settings = {"validation_split": "0.3", "epochs": "3", **settings}
    assert_same(experiment_on("sample:houses", settings), dress)


@pytest.mark.parametrize("terms", ["log(`1/λ`) + `1/λ`^2 - 1", ". + `1/λ`^2:log(`1/λ`)^3"])
def test_the_script_makes_the_terms_of_generated_data(terms: str) -> None:
    settings = {"data": "wien", "data.n": 70, "data.terms": terms, "lr": 0.01}
    experiment = Experiment(device="cpu").changed({**settings, "standardize": "yes"})
    for dress in DRESSES:
        assert_same(experiment.changed({"validation_split": 0.2}), dress)


def write(file: Path, text: str) -> str:
    """A file of a text; its path."""
    file.write_text(text, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("mark", ["0 1", "train test"])
def test_a_column_says_what_is_held_out(tmp_path: Path, mark: str) -> None:
    train, test = mark.split()
    rows = [f"{i},{i * i % 7},{test if i % 3 == 0 else train}" for i in range(1, 31)]
    path = write(tmp_path / "marked.csv", "x,y,set\n" + "\n".join(rows) + "\n")
    experiment = experiment_on(path, {"data.split": "set", "data.terms": "y ~ x", "epochs": "2"})
    assert_same(experiment, "concise")


def test_missing_and_bad_rows_are_left_out(tmp_path: Path) -> None:
    rows = [f"{i}, {3 * i % 11}" for i in range(1, 41)]
    rows[3], rows[20], rows[30] = "NA, 4", "7, n/a", "8, x9"
    path = write(tmp_path / "gaps.csv", "# from a logger\nx, y\n\n" + "\n".join(rows) + "\n\n")
    script = code_of(experiment_on(path, {"epochs": "2"}), "scratch").text
    assert "missing" in script
    assert_same(experiment_on(path, {"epochs": "2"}), "scratch")


def test_a_file_that_a_short_script_cannot_read_is_refused(tmp_path: Path) -> None:
    rows = [f"{i},1 {i % 7:03d}" for i in range(1, 31)]
    path = write(tmp_path / "blanks.csv", "x,y\n" + "\n".join(rows) + "\n")
    with pytest.raises(BadInput, match="column y"):
        code_of(experiment_on(path, {}), "scratch")


# The text -----------------------------------------------------------------------------------


def test_what_is_not_used_is_not_in_it() -> None:
    scratch, concise = (code_of(Experiment(), dress).text for dress in DRESSES)
    assert len([line for line in scratch.splitlines() if line.strip()]) <= 50
    for unused in ("penalty", "rate", "_val", "best", "double", "correlation", "math", "state"):
        assert unused not in scratch + concise
    assert "nn." not in scratch
    assert "predict" not in concise


@pytest.mark.parametrize("dress", DRESSES)
def test_pytorch_s_parts_are_in_the_concise_dress_alone(dress: Dress) -> None:
    experiment = Experiment().changed({"loss": "huber", "optimizer": "momentum"})
    script = code_of(experiment, dress).text
    assert ("nn.HuberLoss(delta=1.0" in script) == (dress == "concise")
    assert ("def huber(r, delta=1.0):" in script) == (dress == "scratch")
    assert ("torch.optim.SGD(" in script) == (dress == "concise")


@given(n=st.integers(1, 60), key=st.integers(0, 2**64 - 1))
def test_the_order_is_that_of_the_kernels(n: int, key: int) -> None:
    assert shuffled(n, key) == permutation(key, n).tolist()


RUN_EACH = "import runpy, sys; [runpy.run_path(file, {}, '__main__') for file in sys.argv[1:]]"


def test_python_runs_what_the_command_prints(tmp_path: Path) -> None:
    """In a process of its own, without the lab."""
    scripts, wanted = [], []
    for dress in DRESSES:
        given = ("-s", "data.n=60", "-s", f"loop={dress}", "-s", "device=cpu", "-s", "penalty=l2")
        shown = cli("code", *given)
        assert (shown.code, shown.err) == (0, "")
        assert "engine" not in shown.out
        scripts.append(write(tmp_path / f"{dress}.py", shown.out))
        lines = cli("run", *given).out.splitlines()
        wanted += [line for line in lines if line.startswith("epoch")]
    done = subprocess.run(
        [sys.executable, "-I", "-c", RUN_EACH, *scripts], cwd=tmp_path, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == wanted


def test_the_command_refuses_in_one_line() -> None:
    shown = cli("code", "-s", "lr=0")
    assert (shown.code, shown.out, shown.err.count("\n")) == (2, "", 1)
