"""Which device the tensors live on, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from engine.support import machine
from engine.support.errors import BadInput
from engine.support.ranks import launched
from engine.support.translation import tr


@dataclass(frozen=True)
class DeviceInfo:
    """A device as shown on screen and in JSON."""

    type: str
    """cpu, cuda or mps."""
    index: int | None
    name: str
    threads: int
    """Threads torch uses within one operation on the CPU."""
    memory_gb: float
    """Memory of the GPU, or of the machine for the CPU, in 10⁹ bytes; 0 where it is unknown."""
    torch: str
    """Version of torch."""


def available() -> list[torch.device]:
    """Every device that is present, the one `auto` takes first: of several GPUs the rank's own."""
    count, ranks = torch.cuda.device_count(), launched()
    own = ranks.local_rank if ranks else 0
    devices = [torch.device("cuda", (own + index) % count) for index in range(count)]
    if torch.backends.mps.is_available():
        devices.append(torch.device("mps"))
    return [*devices, torch.device("cpu")]


def resolve(name: str) -> torch.device:
    """The device called auto, cpu, cuda, cuda:N or mps; raises BadInput if it is not there."""
    present = available()
    if name == "auto":
        return present[0]
    for device in present:
        if name in (str(device), device.type):
            return device
    names = ", ".join(str(device) for device in present)
    allowed = tr("not present here; choose from auto, {devices}", devices=names)
    raise BadInput("device", name, allowed)


def describe(device: torch.device) -> DeviceInfo:
    """Name, threads and memory of a device that is present."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        name, memory = properties.name, properties.total_memory
    else:
        name = machine.cpu_name() if device.type == "cpu" else "Apple GPU"
        memory = machine.memory()
    return DeviceInfo(
        device.type,
        device.index,
        name,
        torch.get_num_threads(),
        round(memory / 1e9, 1),
        torch.__version__,
    )
