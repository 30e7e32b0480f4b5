"""Which rank a process is, who speaks, and a group that comes about or does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import torch
from torch import distributed

from engine.cli.common import LATER
from engine.support import ranks
from engine.support.device import available, resolve
from engine.support.errors import BadInput
from engine.support.ranks import Alone, Ranks, joined, launched, meeting, speaks, talking
from tests.support.commands import cli, refusal_of

TORCHRUN = {
    "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4",
    "MASTER_ADDR": "first", "MASTER_PORT": "29400",
}  # fmt: skip
SRUN = {
    "SLURM_JOB_ID": "10007", "SLURM_NTASKS": "7", "SLURM_STEP_NUM_TASKS": "7", "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1", "SLURM_STEP_TASKS_PER_NODE": "2(x3),1", "SLURM_STEP_NUM_NODES": "4",
    "MASTER_ADDR": "first",
}  # fmt: skip


def test_torchrun_and_srun_say_which_rank_a_process_is() -> None:
    assert launched(TORCHRUN) == Ranks(5, 8, 1, 4, "first", 29400)
    assert launched(SRUN) == Ranks(5, 7, 1, 2, "first", 15007)
    one_machine = {**SRUN, "SLURM_STEP_NUM_NODES": "1"}
    del one_machine["MASTER_ADDR"]
    assert launched(one_machine) == Ranks(5, 7, 1, 2, "127.0.0.1", 15007)


@pytest.mark.parametrize(
    "environment",
    [{}, {"RANK": "1"}, {"SLURM_NTASKS": "7", "SLURM_PROCID": "0"},
     {**SRUN, "SLURM_STEP_NUM_TASKS": "1"}],
    ids=["nothing", "half", "a batch script", "a job of an array"],
)  # fmt: skip
def test_without_a_launcher_there_are_no_ranks(environment: dict[str, str]) -> None:
    assert launched(environment) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RANK": "8"}, "RANK=8: must be less than the 8 processes"),
        ({"RANK": "-1"}, "RANK=-1: must be a whole number"),
        ({"WORLD_SIZE": "9" * 20}, f"WORLD_SIZE={'9' * 20}: must be a whole number"),
        ({"WORLD_SIZE": ""}, "WORLD_SIZE=: must be a whole number"),
        ({"MASTER_PORT": "a\nb"}, "MASTER_PORT=a b: must be a whole number"),
        ({"MASTER_ADDR": ""}, "MASTER_ADDR=: must name the machine of the first rank"),
    ],
)
def test_what_no_launcher_says_is_refused(changes: dict[str, str], words: str) -> None:
    assert str(refusal_of(lambda: launched({**TORCHRUN, **changes}))) == words


def enter(patch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        patch.setenv(name, value)


def test_the_first_rank_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, waits = cli("lessons"), list[float]()
    monkeypatch.setattr("engine.cli.common.time.sleep", waits.append)
    enter(monkeypatch, TORCHRUN)
    assert not speaks()
    silent, refused = cli("lessons"), cli("theory", "-s", "lr=0")
    assert (silent.code, silent.out, silent.err) == (0, "", "")
    assert (refused.code, refused.err) == (2, "")
    assert waits == [LATER]  # so that the first has said it before the launcher ends all
    monkeypatch.setenv("RANK", "0")
    assert speaks()
    assert cli("lessons") == alone
    monkeypatch.setenv("RANK", "none")
    assert speaks()


def test_each_rank_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, TORCHRUN)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert str(resolve("auto")) == str(resolve("cuda")) == "cuda:1"
    assert str(resolve("cuda:3")) == "cuda:3"
    assert [str(device) for device in available()[:4]] == ["cuda:1", "cuda:2", "cuda:3", "cuda:0"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert str(resolve("auto")) == "cuda:0"


def test_a_group_comes_about_and_ends(one_rank: Ranks) -> None:
    with joined(one_rank):
        assert distributed.get_world_size() == 1
        assert "gloo" in distributed.get_backend()
        assert torch.get_num_threads() == 1
    assert not distributed.is_initialized()


def test_ranks_that_are_started_again_do_not_meet_where_the_dead_did(
    one_rank: Ranks, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = distributed.TCPStore(one_rank.address, one_rank.port, is_master=True)
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")
    first, second = (replace(one_rank, rank=rank, size=2) for rank in (0, 1))
    dead = meeting(first)
    dead.set("who", "dead")
    stores = []

    def meanwhile(seconds: float) -> None:
        """The first rank comes while the second one waits."""
        stores.append(meeting(first))
        stores[0].set("who", "alive")

    monkeypatch.setattr("time.sleep", meanwhile)
    del dead
    assert meeting(second).get("who") == b"alive"
    assert len(stores) == 1
    assert launcher.get(ranks.MEETING)


def test_what_befalls_a_rank_says_whose_it_is(one_rank: Ranks) -> None:
    with pytest.raises(Alone, match=r"^rank 0: lr=2: too much$") as refusal, joined(one_rank):
        raise BadInput("lr", 2, "too much")
    assert refusal.value.key == "lr"
    assert not distributed.is_initialized()


def test_a_rank_that_does_not_come_is_said_in_a_line(
    one_rank: Ranks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks, "JOINING", timedelta(milliseconds=50))
    waiting = Ranks(0, 2, 0, 2, one_rank.address, one_rank.port)
    with pytest.raises(Alone) as refusal, joined(waiting):
        pytest.fail("two cannot have joined")
    assert str(refusal.value).startswith("rank 0: processes=2: one of them was lost: Timed out")
    assert "\n" not in str(refusal.value)


def test_a_lost_rank_is_said_in_a_line(one_rank: Ranks) -> None:
    with pytest.raises(Alone) as refusal, joined(one_rank), talking(one_rank):
        raise RuntimeError("[/a/pair.cc:553] Connection closed by peer [::1]:9. Check the logs.\nx")
    told = "rank 0: processes=1: one of them was lost: Connection closed by peer [::1]:9"
    assert str(refusal.value) == told


def test_what_a_rank_lacks_is_no_loss_of_another(one_rank: Ranks) -> None:
    with pytest.raises(torch.OutOfMemoryError), talking(one_rank):
        raise torch.OutOfMemoryError("CUDA out of memory")


def test_a_torch_without_groups_is_said_in_a_line(
    one_rank: Ranks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "is_available", lambda: False)
    refusal = refusal_of(lambda: joined(one_rank).__enter__())
    assert "was built without torch.distributed" in str(refusal)
