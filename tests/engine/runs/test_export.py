"""Metrics for other programs, read back by their own readers."""

from __future__ import annotations

import csv
import io
import json
import math
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runs.files import METRICS
from engine.runs.foreign import foreign_losses
from engine.runs.info import RunInfo
from engine.runs.tensorboard import Scalar, events, masked_crc, read_scalars
from engine.support.user_files import PLACE_OF_RUNS
from tests.support.commands import cli, refusal_of

RUN = RunInfo("20261126-120000-linear-0000", "mine", "finished", "2026-11-26T12:00:00+00:00", {})
LINES = "step,epoch,loss,val,batch_loss,lr\n0,0,1.5,,,0.03\n7,0.7,,,inf,\n10,1,0.1,0.2,,0.03\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(PLACE_OF_RUNS, str(tmp_path))
    folder = tmp_path / RUN.id
    folder.mkdir()
    (folder / "run.json").write_text(RUN.to_json())
    (folder / METRICS).write_text(LINES)
    return folder


def test_csv_and_json_lines_hold_what_the_file_holds(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("runs", "export").out)))
    assert rows == list(csv.DictReader(io.StringIO(LINES)))
    shown = cli("runs", "export", "mine", "--format", "jsonl")
    assert [json.loads(line) for line in shown.out.splitlines()] == [
        {"step": 0, "epoch": 0, "loss": 1.5, "lr": 0.03},
        {"step": 7, "epoch": 0.7, "batch_loss": None},
        {"step": 10, "epoch": 1, "loss": 0.1, "val": 0.2, "lr": 0.03},
    ]


def test_tensorboard_reads_the_curves(folder: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out = tmp_path / "board"
    arguments = ("runs", "export", "mine", "--format", "tensorboard")
    assert cli(*arguments).code == 2
    assert cli(*arguments, "-o", str(out)).code == 0
    again = cli(*arguments, "-o", str(out))
    assert again.code == 2
    assert "File exists" in again.err
    board = EventAccumulator(str(out))
    board.Reload()
    assert set(board.Tags()["scalars"]) == {"loss", "val", "lr"}
    curve = [(each.step, each.value) for each in board.Scalars("loss")]
    assert curve == [(0, 1.5), (10, pytest.approx(0.1))]


@pytest.mark.parametrize("form", ["csv", "tensorboard"])
def test_what_is_exported_comes_in_again(folder: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    assert cli("runs", "export", "mine", "--format", form, "-o", str(out)).code == 0
    epochs, losses = foreign_losses(out)
    assert losses == pytest.approx((1.5, 0.1))
    assert epochs == (0, 1)


def test_losses_of_others_are_recognized_by_their_name(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text("step,val_acc,train_loss_epoch\n50,0.1,\n100,,4\n200,,2\n400,,1\n")
    assert foreign_losses(file) == ((1, 2, 4), (4, 2, 1))
    for text in ("", "a,b\n1,2\n", "loss\nno\n"):
        file.write_text(text)
        refused = refusal_of(lambda: foreign_losses(file))
        assert refused
        assert "loss" in str(refused)
    assert refusal_of(lambda: foreign_losses(tmp_path / "none.csv"))
    assert refusal_of(lambda: foreign_losses(tmp_path))


singles = st.floats(width=32, allow_nan=False)
scalars = st.builds(Scalar, st.text(max_size=9), st.integers(0, 2**62), st.floats(0, 1e10), singles)


@given(st.lists(scalars, max_size=9), st.integers(0, 400))
def test_what_is_written_is_read_back_up_to_the_last_whole_record(
    written: list[Scalar], lost: int
) -> None:
    content = b"".join(events(written, 0.0))
    assert list(read_scalars(content)) == written
    read = list(read_scalars(content[: len(content) - lost]))
    assert read == written[: len(read)]


@given(st.binary(max_size=60))
def test_other_bytes_are_refused_or_hold_nothing(content: bytes) -> None:
    with suppress(ValueError):
        assert list(read_scalars(content)) == []


def test_the_checksum_is_that_of_the_standard() -> None:
    # CRC-32C of "123456789" is e3069283 (RFC 3720); masked as TensorFlow's crc32c.h says.
    crc = 0xE3069283
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc(b"123456789") == struct.pack("<I", masked)
    assert math.isfinite(masked)
