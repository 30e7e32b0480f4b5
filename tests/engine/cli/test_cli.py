"""The headless front end: what it prints, how it exits, and that nothing makes it spill a trace."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from engine.cli import read_experiment
from engine.experiment import KEYS, Experiment
from engine.lessons.library import lessons
from engine.runs.store import Store
from engine.support.errors import BadInput
from engine.support.plain_json import finite
from engine.support.user_files import PLACE_OF_RUNS
from engine.training.trainer import train
from tests.support.commands import Shown, cli, refusal_of
from tests.support.examples import tries
from tests.support.forked import python
from tests.support.paths import ROOT
from tests.support.runs import epochs_of, facts_of, outcome
from tests.support.strategies import experiments
from tui.command import command

SMALL = ("-s", "data.n=100")

EPOCH = re.compile(r"epoch (\d+), loss ([\d.e+-]+)")


def objects(shown: Shown) -> list[dict[str, Any]]:
    """The JSON objects on stdout, one for each line; a NaN or Infinity is no JSON."""

    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return [json.loads(line, parse_constant=no_constant) for line in shown.out.splitlines()]


def assert_refused(shown: Shown, word: str) -> None:
    """Exit 2, one line on stderr that names what was wrong, nothing on stdout."""
    assert shown.code == 2
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith("linreg-tui: ")
    assert word in line


def process(*arguments: str) -> subprocess.Popen[str]:
    """The program as a person starts it, in a pipe."""
    return python(
        "-m", "tui", *arguments,
        cwd=ROOT,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip


BOOK = ("scratch", "exercise-1", "ohm", "concise", "huber")
"""Lessons whose experiments are the book's own."""

# Plain output --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOOK)
def test_a_run_prints_its_epochs_its_errors_and_where_it_stands(name: str) -> None:
    """Errors printed after the run; the noise floor named."""
    shown = cli("run", name, *SMALL)
    assert (shown.code, shown.err) == (0, "")
    *lines, last = shown.out.splitlines()
    events = list(train(lessons()[name].experiment.changed({"data.n": 100})))
    matches = [EPOCH.fullmatch(line) for line in lines[:3]]
    assert [match and match.groups() for match in matches] == [
        (str(epoch.epoch), f"{epoch.loss:.6g}") for epoch in epochs_of(events)
    ]
    params = outcome(events).params
    errors = [line for line in lines[3:] if line.startswith("error of ")]
    assert [line.split(":")[0] for line in errors] == [
        f"error of {key} (estimate − true)" for key in params
    ]
    rest = [line for line in lines[3 + len(errors) :] if not line.startswith("R² -")]
    assert rest == ([f"R = {params['R'][0]:.6g} Ω, true 10"] if name == "ohm" else [])
    known = facts_of(lessons()[name].experiment.changed({"data.n": 100}))
    for line, (key, values) in zip(errors, params.items(), strict=True):
        printed = [float(number) for number in line.split(":")[1].split(",")]
        wanted = [value - true for value, true in zip(values, known.true[key], strict=True)]
        assert printed == pytest.approx(wanted, rel=6e-3)
    assert "noise floor" in last
    assert f"{known.floor.noise:.3g}" in last


def test_ohms_law_says_that_its_loss_is_the_noise_floor() -> None:
    """Says that 5e-5 = ½σ² is the noise floor."""
    shown = cli("run", "ohm")
    assert shown.out.splitlines()[-1] == "at the noise floor; noise floor ½σ² = 5e-05"
    assert cli("run", "exercise-1").out.splitlines()[-1].startswith("still learning")
    assert cli("run").out.splitlines()[-1].startswith("at the noise floor")


def test_without_a_name_the_book_baseline_is_run() -> None:
    assert cli("run").out == cli("run", "scratch").out


def test_the_same_run_prints_the_same_again_and_another_seed_does_not() -> None:
    one, same, other = (cli("run", *SMALL, "-s", f"seed={seed}").out for seed in (1, 1, 2))
    assert one == same != other


def test_a_divergence_exits_3_and_says_where() -> None:
    shown = cli("run", "-s", "lr=2")
    assert shown.code == 3
    end = outcome(train(Experiment(lr=2.0)))
    line, *_ = shown.err.splitlines()
    assert re.fullmatch(rf"diverged at step {end.step} \(epoch {end.epoch}\): .*million.*", line)
    assert "nan" not in shown.out
    later = cli("run", *SMALL, "-s", "lr=2.2", "-s", "epochs=100")
    assert later.code == 3
    assert EPOCH.match(later.out)
    assert "\ndiverged at step " in f"\n{later.err}"


def test_an_alert_goes_to_stderr() -> None:
    for extra in ((), ("--json",)):
        shown = cli("run", *SMALL, "-s", "lr=1e-6", "-s", "epochs=8", *extra)
        assert shown.code == 0
        (line,) = shown.err.splitlines()
        assert line.startswith("stall")
        assert "stall" not in shown.out


def test_an_option_of_the_program_after_a_command_is_refused_with_the_way_to_write_it() -> None:
    shown = cli("run", "--lang", "zh")
    assert_refused(shown, "It goes before the command: linreg-tui --lang …")
    assert "goes before" not in cli("run", "--nothing").err


def test_settings_are_applied_in_any_order_and_the_last_of_two_wins() -> None:
    wanted = cli("run", *SMALL, "-s", "loss=huber", "-s", "loss.delta=2").out
    assert cli("run", "-s", "loss.delta=2", "-s", "loss=huber", *SMALL).out == wanted
    twice = ("-s", "loss=huber", "-s", "loss.delta=9", "-s", "loss.delta=2")
    assert cli("run", *SMALL, *twice).out == wanted


# JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOOK)
def test_json_tells_the_whole_run(name: str) -> None:
    shown = cli("run", name, "--json", *SMALL)
    assert (shown.code, shown.err) == (0, "")
    start, *epochs, end = objects(shown)
    experiment = lessons()[name].experiment.changed({"data.n": 100})
    events = list(train(experiment))
    known, result = facts_of(experiment), outcome(events)

    assert list(start) == ["event", "experiment", "device"]
    assert start["event"] == "started"
    assert Experiment.from_dict(start["experiment"]) == experiment
    assert set(start["device"]) == {"type", "index", "name", "threads", "memory_gb", "torch"}

    assert len(epochs) == 3
    for told, epoch in zip(epochs, epochs_of(events), strict=True):
        assert told == {
            "event": "epoch",
            "epoch": epoch.epoch,
            "loss": epoch.loss,
            "validation_loss": None,
            "params": {key: list(values) for key, values in epoch.params.items()},
            "grads": {key: list(values) for key, values in epoch.grads.items()},
        }

    assert list(end) == [
        "event",
        "status",
        "epoch",
        "reason",
        "loss",
        "r2",
        "validation_r2",
        "error",
        "quantities",
        "closed_form",
        "best",
        "optimum",
        "noise_floor",
        "standing",
        "seconds",
    ]
    assert (end["event"], end["status"], end["loss"]) == ("finished", "finished", result.loss)
    for key, values in result.params.items():
        assert end["error"][key] == pytest.approx(
            [value - true for value, true in zip(values, known.true[key], strict=True)]
        )
        assert end["best"][key] == pytest.approx(list(known.optimum[key]))
    assert end["closed_form"] == (end["best"] if known.has_closed_form else {})
    assert (end["optimum"], end["noise_floor"]) == (known.floor.optimum, known.floor.noise)
    assert isinstance(end["standing"], str)
    assert end["seconds"] > 0


def test_a_divergence_in_json() -> None:
    shown = cli("run", "--json", "-s", "lr=2")
    assert (shown.code, shown.err) == (3, "")
    end = objects(shown)[-1]
    result = outcome(train(Experiment(lr=2.0)))
    assert (end["event"], end["status"]) == ("finished", "diverged")
    assert (end["epoch"], end["step"]) == (result.epoch, result.step)
    assert "million" in end["reason"]
    assert end["standing"] == "diverged"


def test_a_number_that_is_not_finite_is_null_in_json() -> None:
    shown = cli("run", "--json", "-s", "lr=1e6", "-s", "data.scale=1e6", "-s", "data.w=1e6,1")
    assert shown.code == 3
    assert objects(shown)[-1]["loss"] is None


NESTED = st.recursive(
    st.floats() | st.integers() | st.text(max_size=3) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(max_size=3), inner) | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@given(NESTED)
def test_finite_values_are_json_whatever_they_were(value: object) -> None:
    text = json.dumps(finite(value), allow_nan=False)
    assert json.loads(text) == json.loads(json.dumps(finite(json.loads(text))))


# Files ---------------------------------------------------------------------------------------


@given(experiment=experiments())
def test_an_experiment_written_to_a_file_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, experiment: Experiment
) -> None:
    file = tmp_path_factory.mktemp("experiment") / "µ.toml"
    file.write_text(experiment.to_toml(), encoding="utf-8")
    assert read_experiment(None, file, ()) == experiment
    assert read_experiment(None, file, ("seed=5",)) == experiment.changed({"seed": 5})


def test_a_run_from_a_file_is_that_of_its_lesson(tmp_path: Path) -> None:
    file = tmp_path / "ohm.toml"
    file.write_text(lessons()["ohm"].experiment.to_toml(), encoding="utf-8")
    assert cli("run", "--experiment", str(file), *SMALL).out == cli("run", "ohm", *SMALL).out


def test_the_experiment_in_json_output_can_be_run_again(tmp_path: Path) -> None:
    import tomli_w

    first = objects(cli("run", "huber", "--json", *SMALL))
    file = tmp_path / "again.toml"
    file.write_text(tomli_w.dumps(first[0]["experiment"]), encoding="utf-8")
    again = objects(cli("run", "--json", "--experiment", str(file)))
    assert again[:-1] == first[:-1]


# Bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("run", "nothing"), "lesson=nothing"),
        (("run", "a\nb"), "lesson=a b"),
        (("run", ""), ""),
        (("run", "ohm", "scratch"), "scratch"),
        (("run", "-s", "nothing=1"), "nothing"),
        (("run", "-s", "lr"), "key=value"),
        (("run", "-s", ""), "key=value"),
        (("run", "-s", "=1"), "unknown key"),
        (("run", "-s", "lr="), "lr="),
        (("run", "-s", "lr=fast"), "lr=fast"),
        (("run", "-s", "lr=nan"), "lr=nan"),
        (("run", "-s", "lr=-inf"), "lr=-inf"),
        (("run", "-s", "lr=0"), "above 0"),
        (("run", "-s", "seed=1" + "0" * 400), "seed="),
        (("run", "-s", "seed=1" + "0" * 5000), "seed="),
        (("run", "-s", "a\nb=1"), "a b=1"),
        (("run", "-s", "data.n=0"), "data.n=0"),
        (("run", "-s", "data.n=1.5"), "data.n=1.5"),
        (("run", "-s", "data.w=1,,2"), "data.w=1,,2"),
        (("run", "-s", "data.scale=1,2,3"), "data.scale=1,2,3"),
        (("run", "-s", "loss=hinge"), "loss=hinge"),
        (("run", "-s", "loss.delta=1"), "loss.delta"),
        (("run", "-s", "model=ohm"), "model=ohm"),
        (("run", "-s", "model.bias=perhaps"), "yes or no"),
        (("run", "-s", "device=tpu"), "device=tpu"),
        (("run", "-s", "device=cuda:99"), "not present"),
        (("run", "--json", "-s", "device=cuda:99"), "not present"),
        (("run", "--experiment", "/nowhere/at/all.toml"), "No such file"),
        (("run", "--experiment", "/"), "irectory"),
        (("run", "--nothing"), "--nothing"),
        (("run", "-s"), "-s"),
        (("nothing",), "nothing"),
        (("--nothing",), "--nothing"),
        (("lessons", "more"), "more"),
        (("--lesson", "nothing"), "lesson=nothing"),
        (("-s", "lr=x"), "lr=x"),
        (("rum",), "run"),
        (("nothing.csv",), "No such file"),
        (("/",), "is a folder"),
        (("-",), "standard input"),
        (("sample:nothing",), "choose from anscombe1"),
        (("sample:cars",), "no terminal"),
        (("sample:cars", "--terms", "distance ~ sped"), "speed"),
        (("--terms", "distance ~ sped", "sample:cars"), "speed"),
        (("sample:cars", "-s", "lr=x"), "lr=x"),
        (("sample:cars", "run"), "linreg-tui run sample:cars"),
        (("sample:cars", "--lesson", "ohm"), "not both"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line_on_stderr_and_exit_2(arguments: tuple[str, ...], word: str) -> None:
    if arguments == ("run", ""):
        # An empty name is no name.
        assert cli(*arguments, *SMALL).code == 0
    else:
        assert_refused(cli(*arguments), word)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"lr = ", "not TOML"),
        (b"nothing = 1", "nothing"),
        (b"[data]\nnothing = 1", "data.nothing"),
        (b"lr = nan", "lr=nan"),
        (b'"a\\nb" = 1', "a b"),
        (b"seed = " + b"1" * 5000, ""),
    ],
)
def test_a_bad_file_is_one_line_on_stderr_and_exit_2(
    tmp_path: Path, content: bytes, word: str
) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    assert_refused(cli("run", "--experiment", str(file)), word)
    assert_refused(cli("run", "ohm", "--experiment", str(file)), "not both")


@given(
    st.text()
    | st.tuples(st.sampled_from(KEYS), st.text()).map("=".join)
    | st.tuples(st.sampled_from(list(Experiment().flat())), st.text(max_size=9)).map("=".join)
    | st.tuples(st.sampled_from(["seed", "lr", "data.n", "data.w"]), st.integers().map(str)).map(
        "=".join
    )
    | st.tuples(st.sampled_from(["lr", "data.w", "data.b"]), st.floats().map(str)).map("=".join)
)
@tries(400)
def test_no_setting_does_anything_but_apply_or_be_refused(setting: str) -> None:
    refusal = refusal_of(lambda: read_experiment(None, None, (setting,)))
    if refusal:
        assert len(str(refusal).splitlines()) == 1
        assert_refused(cli("run", "-s", setting), "")
    else:
        key, _, _ = setting.partition("=")
        assert key.strip() in Experiment().flat()


def test_a_wrong_setting_is_refused_before_torch_is_asked_for_anything() -> None:
    result = CliRunner().invoke(command, ["run", "-s", "lr=0"], standalone_mode=False)
    assert isinstance(result.exception, BadInput)
    assert result.stdout == ""


def test_the_commands_return_their_exit_codes_to_whoever_calls_them() -> None:
    runner = CliRunner()
    for arguments, code in ((["run", *SMALL], 0), (["run", "-s", "lr=2"], 3), (["lessons"], 0)):
        result = runner.invoke(command, arguments, standalone_mode=False)
        assert result.exception is None
        assert result.return_value == code


# Other commands ------------------------------------------------------------------------------


def test_lessons_are_listed_with_their_titles() -> None:
    shown = cli("lessons")
    assert (shown.code, shown.err) == (0, "")
    assert [line.split(maxsplit=1) for line in shown.out.splitlines() if line[0] == " "] == [
        [known.name, known.title] for known in lessons().values()
    ]


def test_doctor_tells_versions_device_terminal_and_settings() -> None:
    import torch

    shown = cli("doctor")
    assert (shown.code, shown.err) == (0, "")
    told: dict[str, str] = {}
    for line in shown.out.splitlines():
        name, _, rest = line.partition(" ")
        told.setdefault(name, rest.strip())
    assert told["torch"] == torch.__version__
    assert told["python"].startswith("3.")
    assert re.match(r"(cuda:\d|mps|cpu): .+, [\d.]+ GB, \d+ threads", told["device"])
    assert "not a terminal" in told["terminal"]
    assert "settings.toml" in told["settings"]
    assert told["loop=fast"] == "compiled by numba"


def test_doctor_says_where_nothing_can_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.kernels.compiled.MISSING", "no compiled kernels: no numba here")
    assert "no numba here; it runs in torch" in cli("doctor").out


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["run", "--help"], ["--version"]])
def test_help_and_version_exit_0(arguments: list[str]) -> None:
    shown = cli(*arguments)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out


def test_the_help_of_run_names_every_key() -> None:
    words = set(re.findall(r"\w+", cli("run", "--help").out))
    assert words.issuperset(KEYS)


@pytest.mark.parametrize("arguments", [(), ("--lesson", "ohm"), ("--ascii",), ("-s", "lr=0.1")])
def test_without_a_terminal_the_screen_points_to_run(arguments: tuple[str, ...]) -> None:
    assert_refused(cli(*arguments), "linreg-tui run")


# The program itself --------------------------------------------------------------------------


def test_sigint_ends_the_process_with_130_and_its_run_counts_as_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path))
    with process("run", *SMALL, "-s", "epochs=100000000", "--json", "--keep") as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["event"] == "started"
        assert json.loads(running.stdout.readline())["event"] == "epoch"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=120)
    assert running.returncode == 130
    (run,) = Store(tmp_path).runs()
    assert run.state == "stopped"
    assert err == f"linreg-tui: interrupted\nkept as {run.id}\n"
    assert all(json.loads(line)["event"] == "epoch" for line in out.splitlines()[:-1])


def test_a_reader_that_has_seen_enough_causes_no_trace() -> None:
    with process("run", *SMALL, "-s", "epochs=100000000") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith("epoch 1,")
        running.stdout.close()
        code = running.wait(timeout=120)
        err = running.stderr.read()
    assert "Traceback" not in err
    assert err == ""
    assert code == 0


def test_a_fork_goes_on_as_the_run_itself_and_with_other_settings() -> None:
    whole = objects(cli("run", *SMALL, "--json"))
    started, *same = objects(cli("run", *SMALL, "--fork-at", "13", "--json"))
    assert (started["fork"]["step"], started["fork"]["experiment"]) == (13, whole[0]["experiment"])
    assert same[:-1] == whole[2:-1]
    assert [same[-1][key] for key in ("loss", "error")] == [
        whole[-1][key] for key in ("loss", "error")
    ]
    faster = cli(
        "run", *SMALL, "--fork-at", "20", "--then", "lr=0.1", "--then", "optimizer=momentum"
    )
    assert faster.code == 0
    first, second, *_ = faster.out.splitlines()
    assert first.startswith(f"goes on after step 20, loss {whole[2]['loss']:.6g}")
    assert second.startswith("epoch 3, loss ")
    assert f"{whole[3]['loss']:.6g}" not in second


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--then", "lr=1"), "--fork-at"),
        (("--fork-at", "3", "--then", "batch_size=1"), "batch_size=1"),
        (("--fork-at", "30"), "nothing is left to train after step 30"),
        (("--fork-at", "-1"), "--fork-at"),
    ],
)
def test_a_fork_that_cannot_be_is_refused(arguments: tuple[str, ...], word: str) -> None:
    assert_refused(cli("run", *SMALL, *arguments), word)
