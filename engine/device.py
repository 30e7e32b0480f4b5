"""Which device the tensors live on, and what it is called."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.registry import BadInput


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
    """Every device that is present, the one `auto` takes first."""
    devices = [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
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
    there = ", ".join(str(device) for device in present)
    raise BadInput("device", name, f"not present here; choose from auto, {there}")


def describe(device: torch.device) -> DeviceInfo:
    """Name, threads and memory of a device that is present."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        name, memory = properties.name, properties.total_memory
    else:
        name = cpu_name() if device.type == "cpu" else "Apple GPU"
        memory = machine_memory()
    return DeviceInfo(
        device.type,
        device.index,
        name,
        torch.get_num_threads(),
        round(memory / 1e9, 1),
        torch.__version__,
    )


def cpu_name() -> str:
    """The processor's name in words where the system tells it, else its architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"


def machine_memory() -> int:
    """Bytes of memory in the machine, or 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
