"""The processes that a launcher started for one command: which of them this is, and their group.

`torchrun` and `srun` start the same command once for each rank and say in the environment which one
it is. The first rank prints; the others are silent unless something befalls them alone.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.support.errors import BadInput, one_line, restored
from engine.support.translation import tr

if TYPE_CHECKING:
    from torch.distributed import Store

JOINING = timedelta(minutes=10)
"""How long a rank waits for the others to start."""

WORKING = timedelta(days=7)
"""How long it waits for what another one is still at; one that has died is noticed at once."""

RETRY = 0.1
"""Seconds after which it asks anew for the address of the first rank."""

MEETING = "linreg-tui: port of the first rank"

PORTS = range(15000, 25000)
"""Where ranks under srun meet: jobs on one machine at different ones, below those that the system
hands out."""


class Alone(BadInput):
    """What befell one rank, perhaps alone: it says so itself."""

    def __init__(self, rank: int, error: BadInput) -> None:
        ValueError.__init__(self, tr("rank {rank}: {error}", rank=rank, error=str(error)))
        self.key = error.key


@dataclass(frozen=True)
class Ranks:
    """Which of the processes of a launcher this one is."""

    rank: int
    """Counted from 0 over all machines."""
    size: int
    """Processes on all machines."""
    local_rank: int
    """Counted from 0 on each machine: the number of its device."""
    local_size: int
    """Most processes on one machine."""
    address: str
    """Host of the first rank."""
    port: int

    @property
    def is_first(self) -> bool:
        """Whether it is the one that speaks."""
        return self.rank == 0


def launched(environment: Mapping[str, str] = os.environ) -> Ranks | None:
    """Which rank the environment says this process is, None without a launcher; raises BadInput."""
    if "RANK" in environment and "WORLD_SIZE" in environment:
        rank, size = number(environment, "RANK"), number(environment, "WORLD_SIZE")
        local = number(environment, "LOCAL_RANK", rank)
        most = number(environment, "LOCAL_WORLD_SIZE", size)
        host, port = environment.get("MASTER_ADDR", ""), number(environment, "MASTER_PORT", 29500)
    # A batch script has the variables of its job, but only what srun starts has those of a step.
    elif number(environment, "SLURM_STEP_NUM_TASKS", 1) > 1:
        rank, size = (
            number(environment, "SLURM_PROCID"),
            number(environment, "SLURM_STEP_NUM_TASKS"),
        )
        local = number(environment, "SLURM_LOCALID", rank)
        # 2(x3),1 says two on each of three machines and one on the fourth.
        tasks = re.findall(r"(\d+)(?:\(x\d+\))?", environment.get("SLURM_STEP_TASKS_PER_NODE", ""))
        most = max(map(int, tasks), default=size)
        here = "127.0.0.1" if environment.get("SLURM_STEP_NUM_NODES") == "1" else ""
        host = environment.get("MASTER_ADDR", here)
        job = number(environment, "SLURM_JOB_ID", 0)
        port = number(environment, "MASTER_PORT", PORTS[job % len(PORTS)])
    else:
        return None
    if not host:
        raise BadInput("MASTER_ADDR", host, tr("must name the machine of the first rank"))
    if not rank < size:
        raise BadInput("RANK", rank, tr("must be less than the {size} processes", size=size))
    return Ranks(rank, size, local, most, host, port)


def number(environment: Mapping[str, str], name: str, otherwise: int | None = None) -> int:
    """A count in a variable of the environment, or what it is otherwise; raises BadInput."""
    text = environment.get(name, "")
    if not text and otherwise is not None:
        return otherwise
    if not re.fullmatch("[0-9]{1,18}", text):
        raise BadInput(name, text, tr("must be a whole number"))
    return int(text)


def speaks() -> bool:
    """Whether this process prints: it is the first rank, or the only process."""
    try:
        ranks = launched()
    except BadInput:
        return True
    return ranks is None or ranks.is_first


@contextmanager
def joined(ranks: Ranks) -> Iterator[None]:
    """The process group of all ranks, for `torch.distributed`; each computes with one thread.

    On CPU tensors it is gloo's; on CUDA's it is nccl's where each rank has a device of its own.
    Whatever is refused inside, or in joining, is raised as `Alone`.
    """
    import torch
    from torch import distributed

    if not (distributed.is_available() and distributed.is_gloo_available()):
        allowed = tr("was built without torch.distributed and gloo, which several processes need")
        raise BadInput("torch", torch.__version__, allowed)  # all ranks have the same
    torch.set_num_threads(1)
    each_has_one = torch.cuda.device_count() >= ranks.local_size
    backend = "cpu:gloo,cuda:nccl" if each_has_one and distributed.is_nccl_available() else "gloo"
    try:
        with talking(ranks):
            distributed.init_process_group(
                backend,
                store=meeting(ranks),
                rank=ranks.rank,
                world_size=ranks.size,
                timeout=WORKING,
            )
        yield
        with talking(ranks):
            # None leaves while others still need it; on a CPU tensor, which all groups take.
            distributed.all_reduce(torch.zeros(1))
    except BadInput as error:
        raise Alone(ranks.rank, error) from None
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def meeting(ranks: Ranks) -> Store:
    """Where the ranks tell each other their addresses: a store of the first one."""
    from torch.distributed import TCPStore

    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return TCPStore(ranks.address, ranks.port, ranks.size, ranks.is_first, JOINING)
    # That of torchrun outlives a restart, and has the addresses of ranks that have died. So it only
    # says at which port the first rank has a store of its own; at an old one nobody answers.
    launcher = TCPStore(ranks.address, ranks.port, timeout=JOINING)
    if ranks.is_first:
        own = TCPStore(ranks.address, 0, is_master=True, timeout=JOINING, wait_for_workers=False)
        launcher.set(MEETING, str(own.port))
        return own
    while not answers(ranks.address, port := int(launcher.get(MEETING))):
        time.sleep(RETRY)
    return TCPStore(ranks.address, port, timeout=JOINING)


def answers(host: str, port: int) -> bool:
    """Whether a machine has something at a port."""
    try:
        with socket.create_connection((host, port), timeout=JOINING.total_seconds()):
            return True
    except OSError:
        return False


def refused(own: BadInput | None, ranks: Ranks) -> BadInput | None:
    """What is refused in any of the ranks, told by its rank unless all refuse; inside `joined`."""
    from torch import distributed

    of_all = [own] * ranks.size
    with talking(ranks):
        distributed.all_gather_object(of_all, own)
    if all(of_all):
        return own
    alone = (Alone(rank, error) for rank, error in enumerate(of_all) if error)
    return next((restored(str(error), error.key) for error in alone), None)


@contextmanager
def talking(ranks: Ranks) -> Iterator[None]:
    """Around what ranks say to each other; raises BadInput where another one is lost or late."""
    from torch.distributed import DistError

    try:
        yield
    except RuntimeError as error:  # gloo raises nothing more exact
        if type(error) is not RuntimeError and not isinstance(error, DistError):
            raise  # memory that is not enough, say
        # [file:line] Connection closed by peer [address]. What to do about it …
        reason = re.sub(r"^\[.*?\]\s*", "", one_line(error)).split(". ")[0].rstrip(".")
        allowed = tr("one of them was lost: {reason}", reason=reason)
        raise BadInput("processes", ranks.size, allowed) from None
